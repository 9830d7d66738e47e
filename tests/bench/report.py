"""Tables for people, JSON for machines, and what was to be reached."""

import json
import os
import platform
import time

from servers import installed


class Report:
    def __init__(self):
        self.data = {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                     "postfix": installed.default("mail_version"),
                     "kernel": platform.release(),
                     "cores": os.cpu_count(),
                     "load_before": os.getloadavg()[0]}
        self.goals = []

    def table(self, title, header, rows):
        """Print it; the first column is text, the rest are figures."""
        cells = [[str(cell) for cell in row] for row in [header] + rows]
        widths = [max(len(row[i]) for row in cells)
                  for i in range(len(header))]
        print("\n" + title + "\n")
        for row in cells:
            first = row[0].ljust(widths[0])
            rest = [cell.rjust(width)
                    for cell, width in zip(row[1:], widths[1:])]
            print("  ".join(["", first] + rest).rstrip())
        print(end="", flush=True)

    def keep(self, section, value):
        self.data[section] = value

    def goal(self, what, value, goal, is_met, unit=""):
        """`goal` and `value` as they are to be read."""
        self.goals.append({"what": what, "value": value, "goal": goal,
                           "unit": unit, "met": bool(is_met)})

    def at_least(self, what, value, goal, unit=""):
        self.goal(what, round(value, 3), ">= %g" % goal, value >= goal, unit)

    def at_most(self, what, value, goal, unit=""):
        self.goal(what, round(value, 3), "<= %g" % goal, value <= goal, unit)

    def finish(self, path):
        if self.goals:
            self._print_goals()
        self.data["goals"] = self.goals
        self.data["load_after"] = os.getloadavg()[0]
        with open(path, "w") as output:
            json.dump(self.data, output, indent=1)
            output.write("\n")
        print("\nThe same as JSON: %s" % path)

    def _print_goals(self):
        self.table("Goals", ["", "measured", "goal", "", ""],
                   [[each["what"], figure(each["value"]), each["goal"],
                     each["unit"], "ok" if each["met"] else "MISSED"]
                    for each in self.goals])


def figure(value):
    """Three digits that count, thousands apart."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if abs(value) >= 100:
        return "{:,.0f}".format(value)
    return "%.3g" % value


def size(count):
    for unit in ("B", "kB", "MB"):
        if abs(count) < 1000:
            return "%.3g %s" % (count, unit)
        count /= 1000
    return "%.3g GB" % count
