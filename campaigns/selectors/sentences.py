"""Where a campaign stands, in one sentence for people."""

from campaigns.models import Campaign, Run


def standing(campaign: Campaign) -> str:
    """`It is active; its audience is being frozen: 40000 people so far.`"""
    if campaign.held_reason:
        return f"It is {campaign.state} and waits for a person. {campaign.held_reason}"
    if campaign.state == Campaign.State.SCHEDULED:
        local = campaign.scheduled_local.replace("T", " ")
        return f"It launches at {local} in {campaign.scheduled_zone} ({campaign.scheduled_at:%Y-%m-%d %H:%M:%S} UTC)."
    run = campaign.runs.order_by("number").last()
    return _standing_of_run(campaign, run) if run else f"It is {campaign.state} and was never launched."


def _standing_of_run(campaign: Campaign, run: Run) -> str:
    if run.state == Run.State.FREEZING:
        return f"It is {campaign.state}; its audience is being frozen: {run.audience} people so far."
    if run.state == Run.State.CLOSING:
        return "It was cancelled; its accounts are being closed."
    if campaign.state == Campaign.State.COMPLETED and not run.audience:
        return "It completed with nobody: its audience was empty when it was frozen."
    return f"It is {campaign.state}; its audience is {run.audience}."
