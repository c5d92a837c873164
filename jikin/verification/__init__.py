"""So, is it good? Evidence is gathered, then judged by a policy into a report with three possible answers."""
