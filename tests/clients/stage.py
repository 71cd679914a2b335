"""Makes a small show with the command line and the HTTP API, and writes down what clients need to begin.

    stage.py show BINARY FOLDER BASE_URL    make the show; writes show.json, and words for generated requests (*.dict)
    stage.py headers KIND FOLDER            write KIND.headers, what this kind of token sends; members sign in for it

The host in FOLDER was made with `init --json > init.json` and serves at BASE_URL.
"""

import json
import pathlib
import secrets
import subprocess
import sys
import time
import urllib.request

PASSWORD = "rides at dawn, every day"

# Desk, side, level, and who sits there: name, address, role. Two at each desk, so that each can step back or leave.
DESKS = [
    ("Safety contact", "production", 1, [("Dale", "dale", "1st_ad"), ("Dora", "dora", "safety_contact")]),
    ("Production office", "production", 2, [("Ursula", "upm", "upm"), ("Linus", "linus", "line_producer")]),
    ("Shop steward", "union", 1, [("Stella", "stella", "steward"), ("Steve", "steve", "steward")]),
    ("Business representative", "union", 2, [("Bella", "bella", "business_rep"), ("Boris", "boris", "business_rep")]),
    ("Financier", "observer", None, [("Finn", "finn", "financier")]),
]

# Reports are delivered within the next step: a second, so that they are there when the clients come.
ROWS = ["immediate", "next_setup", "next_call", "concern", "retaliation"]

# What crews would say: category, kind, severity.
REPORTS = [
    ("weapons", "left_unattended", "next_call"),
    ("weapons", "went_off_unintended", "next_setup"),
    ("fatigue", "asleep_at_wheel", "next_call"),
    ("fatigue", "rest_breach", "concern"),
    ("explosives_sfx", "no_warning", "next_setup"),
    ("rehearsal_and_process", "rehearsal_skipped", "next_call"),
    ("retaliation", None, "concern"),
]


# Who signs in for a kind of token: the highest level of the production, whom the union side is told first, the host.
MEMBERS = {"production": "upm", "union": "stella", "operator": "host"}


class Stage:
    """A host that serves, and the folder of what is known of it."""

    def __init__(self, folder, base_url):
        self.folder, self.base_url = pathlib.Path(folder), base_url

    def asked(self, method, path, body=None, headers=None):
        """What the service answers, as JSON."""
        headers = dict(headers or {})
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.base_url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def joins(self, code, name):
        """Accepts an invitation."""
        self.asked("POST", f"/v1/invitations/{code}/acceptance", {"name": name, "password": PASSWORD})

    def signs_in(self, address):
        """The headers of somebody who signed in."""
        body = {"email": f"{address}@western.example", "password": PASSWORD}
        session = self.asked("POST", "/v1/sessions", body)
        return {"Authorization": f"Bearer {session['access_token']}", "Unlock-Key": session["unlock_key"]}

    def files(self, crew_code, category, kind, severity):
        """Files a report; gives its receipt."""
        receipt = secrets.token_hex(16)
        body = {"receipt": receipt, "category": category, "severity": severity, "ongoing": "yes", "make_safe": "stop"}
        if kind:
            body["kind"] = kind
        self.asked("POST", "/v1/reports", body, {"Crew-Code": crew_code})
        return receipt

    def words(self, name, words):
        """Writes a dictionary for generated requests."""
        (self.folder / f"{name}.dict").write_text("".join(f'"{word}"\n' for word in words))


def told(binary, folder, *arguments):
    """What a command of the host prints, as JSON."""
    command = [binary, *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def seat_everybody(stage, binary):
    """Makes the production with its desks, and everybody accepts; gives the production."""
    folder = stage.folder
    stage.joins(json.loads((folder / "init.json").read_text())["invitation_code"], "Olga")
    (folder / "policy.json").write_text(json.dumps({"steps": {row: 1 for row in ROWS}}))
    made = told(binary, folder, *"production create --name Western --slug western --policy policy.json".split())
    for desk, side, level, people in DESKS:
        levels = [] if level is None else ["--level", str(level)]
        told(binary, folder, *"desk add --production western --name".split(), desk, "--side", side, *levels)
        for name, address, role in people:
            to = ["--desk", desk, "--email", f"{address}@western.example", "--role", role]
            invited = told(binary, folder, *"member invite --production western".split(), *to)
            stage.joins(invited["invitation_code"], name)
    return made


def make_show(binary, folder, base_url):
    stage = Stage(folder, base_url)
    made = seat_everybody(stage, binary)
    crew = {"Crew-Code": made["crew_code"]}
    receipts = [stage.files(made["crew_code"], *report) for report in REPORTS]
    time.sleep(3)
    union = stage.signs_in(MEMBERS["union"])
    seats = stage.asked("GET", f"/v1/productions/{made['id']}/roster", headers=union)["seats"]
    reports = stage.asked("GET", "/v1/reports", headers=union)["items"]
    categories = stage.asked("GET", "/v1/crew/manifest", headers=crew)["categories"]
    stage.words("productions", [made["id"]])
    stage.words("reports", [report["id"] for report in reports])
    stage.words("desks", sorted({seat["desk"] for seat in seats}))
    stage.words("members", sorted({seat["member"] for seat in seats}))
    stage.words("categories", [category["code"] for category in categories])
    show = {"base_url": base_url, "password": PASSWORD, "crew_code": made["crew_code"], "receipt": receipts[0]}
    (stage.folder / "show.json").write_text(json.dumps(show, indent=2))


def write_headers(kind, folder):
    show = json.loads((pathlib.Path(folder) / "show.json").read_text())
    stage = Stage(folder, show["base_url"])
    if kind == "crew":
        headers = {"Crew-Code": show["crew_code"]}
    elif kind == "receipt":
        headers = {"Authorization": f"Receipt {show['receipt']}"}
    else:
        headers = stage.signs_in(MEMBERS[kind])
    lines = [f"{name}: {value}\n" for name, value in headers.items()]
    (stage.folder / f"{kind}.headers").write_text("".join(lines))


if __name__ == "__main__":
    {"show": make_show, "headers": write_headers}[sys.argv[1]](*sys.argv[2:])
