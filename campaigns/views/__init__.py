"""The pages of campaigns: list, calendar, builder, and the page of one."""
