"""Celery's numbers, each with its reason. Correctness stands on Postgres rows (promise 4)."""

from django.conf import settings
from kombu import Queue

broker_url = settings.CELERY_BROKER_URL
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # Redis may be away for as long as it likes; workers wait and come back
broker_transport_options = {
    # Must be longer than the longest task, else Redis hands a running task out again (STANDARDS B2.3-4).
    "visibility_timeout": 7200,
    "socket_keepalive": True,
    "socket_timeout": 30,
    "health_check_interval": 15,
}
visibility_timeout = 7200
result_backend_transport_options = {"visibility_timeout": 7200}

task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True
task_store_errors_even_if_ignored = False
task_acks_late = False  # a lost bell is rung again by the next tick; a task that kills its worker must not come back
task_soft_time_limit = 1500
task_time_limit = 1800
task_default_queue = "ticks"
_LONG = ("config.load_demo", "campaigns.freeze", "campaigns.advance", "campaigns.close")
task_routes = {name: {"queue": "work"} for name in _LONG}
task_queues = [Queue(name) for name in ("transactional", "triggered", "bulk", "ticks", "work")]

worker_prefetch_multiplier = 1
worker_max_tasks_per_child = 10_000
worker_max_memory_per_child = 400_000  # kB
worker_cancel_long_running_tasks_on_connection_loss = False
worker_hijack_root_logger = False
worker_soft_shutdown_timeout = 20

beat_scheduler = "config.beat:Scheduler"
beat_max_loop_interval = 1
timezone = "UTC"

# A tick that could not be taken up within its period is dropped: the next one finds the same rows.
_TICK = {"schedule": 1.0, "options": {"expires": 2}}
beat_schedule = {
    "heartbeat": {"task": "config.heartbeat", "schedule": 5.0, "options": {"expires": 30}},
    "send-transactional": {**_TICK, "task": "delivery.send", "args": ("transactional",)},
    "send-triggered": {**_TICK, "task": "delivery.send", "args": ("triggered",)},
    "send-bulk": {**_TICK, "task": "delivery.send", "args": ("bulk",)},
    "sweep-ledger": {**_TICK, "task": "delivery.sweep"},
    "judge-hits": {**_TICK, "task": "delivery.judge"},
    "campaigns": {**_TICK, "task": "campaigns.tick"},
    "reconcile": {"task": "delivery.reconcile", "schedule": 60.0, "options": {"expires": 60}},
    "guard-campaigns": {"task": "campaigns.guard", "schedule": 5.0, "options": {"expires": 5}},
    "imports": {**_TICK, "task": "segments.tick"},
    "bulk-jobs": {**_TICK, "task": "segments.tick_jobs"},
    "repair-events": {**_TICK, "task": "segments.repair_events"},
    "forget-targets": {"task": "segments.forget_targets", "schedule": 3600.0, "options": {"expires": 3600}},
    "memberships": {**_TICK, "task": "segments.tick_memberships"},
    "metrics": {"task": "segments.tick_metrics", "schedule": 5.0, "options": {"expires": 5}},
    "rfm": {"task": "segments.tick_rfm", "schedule": 600.0, "options": {"expires": 600}},
    "promotions": {"task": "segments.tick_promotions", "schedule": 10.0, "options": {"expires": 10}},
    "forget-quarantined": {"task": "segments.forget_quarantined", "schedule": 3600.0, "options": {"expires": 3600}},
    "forget-changes": {"task": "segments.forget_changes", "schedule": 3600.0, "options": {"expires": 3600}},
    "exports": {**_TICK, "task": "analytics.tick_exports"},
    "forget-export-files": {"task": "analytics.forget_export_files", "schedule": 300.0, "options": {"expires": 300}},
    "count": {**_TICK, "task": "analytics.count"},
    "recompute-schedules": {"task": "campaigns.recompute_schedules", "schedule": 3600.0, "options": {"expires": 3600}},
    "forget-import-files": {"task": "segments.forget_import_files", "schedule": 3600.0, "options": {"expires": 3600}},
    "wake-raised": {"task": "delivery.wake_raised", "schedule": 10.0, "options": {"expires": 10}},
    "look-up-domains": {"task": "delivery.look_up_domains", "schedule": 5.0, "options": {"expires": 5}},
    "forget-agents": {"task": "delivery.forget_agents", "schedule": 3600.0, "options": {"expires": 3600}},
    "forget-tallies": {"task": "delivery.forget_tallies", "schedule": 3600.0, "options": {"expires": 3600}},
    "freshness": {"task": "analytics.check_freshness", "schedule": 60.0, "options": {"expires": 60}},
    "partitions": {"task": "delivery.ensure_partitions", "schedule": 3600.0, "options": {"expires": 3600}},
}
for _lane in ("transactional", "triggered", "bulk"):
    beat_schedule[f"send-{_lane}"]["options"] = {"expires": 2, "queue": _lane}
