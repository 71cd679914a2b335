#!/usr/bin/env python3
"""Checks a proof bundle of Last Looks offline, with nothing but Python and the openssl command: python3 verify.py FILE [WITNESSES]
WITNESSES has a line for each witness that you trust: `union`, `production` or `other`, its verifier key, perhaps its address. The status is 0 for a bundle
that is sound and witnessed, 2 for sound and not witnessed, 1 for anything else. The rules stand in src/evidence/mod.rs."""
import base64, datetime, hashlib, hmac, json, pathlib, re, subprocess, sys, tempfile
HOUR, SILENT = 3600000, ["unanswered", "not_notified", "unreachable", "promised_not_done"]
FIELDS = {"bundle": "format says log witnesses* keys* checkpoints* consistency* entries* runs* promise", "run": "breach# from# checkpoint# leaves proof*", "moved": "to why",
          "entry": "index# checkpoint# key# opening proof*", "promise": "key note from# checkpoint# leaves proof*", "span": "from to", "opening": "kind report= production~ level# desks* policy_version deadline moved at notices? previous? answer? cycle# n#",
          "kinds": "assigned notified acknowledged answered completed verified not_verified no_recipient exhausted extended withdrawn not_credible opened rejected contested lifted " + " ".join(SILENT)}
FORMS = {"#": "[0-9]+", "*": r"\[.*", "=": '"[0-9a-f]{64}"', "~": '"[0-9a-f]{32}"', "?": 'null|"[0-9a-f]{64}"'}  # behind a name: how its value is written
def need(ok, why, value=None):
    if ok: return value
    raise ValueError(why)
def formed(value, mark): return need(mark not in FORMS or re.fullmatch(FORMS[mark], json.dumps(value)), "a value of another form", value)
def fields(value, kind):
    need(" ".join(value) == re.sub("[#*=~?]", "", FIELDS[kind]), "a %s with other fields" % kind)
    return [formed(value[name.strip("#*=~?")], name[-1]) for name in FIELDS[kind].split()] and value
def b64(text): return need(base64.b64encode(raw := base64.b64decode(text, validate=True)).decode() == text, "base64 in another spelling", raw)
def hashes(texts): return [need(len(raw := b64(text)) == 32, "a hash that is none", raw) for text in formed(texts, "*")]
sha, leaf_hash, node = lambda *parts: hashlib.sha256(b"".join(parts)).digest(), lambda entry: sha(b"\0", entry), lambda left, right: sha(b"\1", left, right)
def shown(ms): return datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
def millis(text): return need(shown(at := int(datetime.datetime.strptime(text + "+0000", "%Y-%m-%dT%H:%M:%SZ%z").timestamp()) * 1000) == text, "a time in another spelling", at)
def vkey(text):
    name, key_id, key = text.split("+", 2)
    sound = len(raw := b64(key)) == 33 and re.fullmatch(r"[^\s+\x00-\x1f\x7f-\x9f]+", name) and raw[0] in (1, 4) and sha(name.encode() + b"\n" + raw)[:4].hex() == key_id
    return need(sound, "a key that is none, or with the id of another", (name, bytes.fromhex(key_id), raw))
def signed(key, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, name) for name in "kms"]
        for file, data in zip(files, (bytes.fromhex("302a300506032b6570032100") + key[2][1:], message, signature or b"")): file.write_bytes(data)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey", files[0], "-in", files[1], "-sigfile", files[2]],
                              capture_output=True).returncode == 0
def note(text):
    head, found, tail = text.rpartition("\n\n")
    lines = [re.fullmatch("\u2014 ([^\\s+\x00-\x1f\x7f-\x9f]+) ([A-Za-z0-9+/=]+)", line) for line in tail[:-1].split("\n")]
    need(found and tail.endswith("\n") and all(lines) and not re.search(r"[\x00-\x09\x0b-\x1f]", text), "no signed note")
    return (head + "\n", [(line[1], b64(line[2])) for line in lines])
def signature_of(signatures, key):
    found = [raw[4:] for name, raw in signatures if name == key[0] and raw[:4] == key[1]]
    return need(len(found) < 2, "two signatures of one key", found[0] if found else None)
def sides(first, last, proof):  # on which side of what is known each hash of a proof stands (RFC 9162, section 2.1): (is left, hash)
    for beside in proof:
        need(last, "a proof that is too long")
        left = first & 1 or first == last
        while left and not first & 1: first, last = first >> 1, last >> 1
        first, last = (yield left, beside) or (first >> 1, last >> 1)
    need(not last, "a proof that is too short")
def included(leaf, index, size, proof, root):
    need(0 <= index < size, "beyond its checkpoint")
    for left, beside in sides(index, size - 1, proof): leaf = node(beside, leaf) if left else node(leaf, beside)
    need(leaf == root, "a proof that leads to another root")
def grown(old, old_root, new, new_root, proof):
    need(0 < old < new, "a checkpoint that is not longer than the one before")
    proof = [old_root] + proof if old & (old - 1) == 0 else proof
    first, last, a, b = old - 1, new - 1, proof[0], proof[0]
    while first & 1: first, last = first >> 1, last >> 1
    for left, beside in sides(first, last, proof[1:]): a, b = (node(beside, a), node(beside, b)) if left else (a, node(b, beside))
    need((a, b) == (old_root, new_root), "a checkpoint that did not grow from the one before")
def run_of(part, heads):  # the leaves of a run, from its place to the end of its checkpoint, all of them
    (size, root, _), raw, start, proof = heads[part["checkpoint"]], b64(part["leaves"]), part["from"], hashes(part["proof"])
    leaves = [raw[at:at + 65] for at in range(0, len(raw), 65)]
    need(leaves and len(raw) % 65 == 0 <= start and start + len(leaves) == size, "leaves that do not reach to their checkpoint")
    def fold(low, high):
        if high <= start: return proof.pop(0)
        middle = low + (1 << (high - low - 1).bit_length() - 1) if high - low > 1 else None
        return node(fold(low, middle), fold(middle, high)) if middle else leaf_hash(leaves[low - start])
    return need(fold(0, size) == root and not proof and all(leaf[0] == 1 for leaf in leaves), "leaves that are not those of the log", leaves)
def cbor(value):
    def head(kind, number):
        size = next(n for n in range(4) if number < 1 << (8 << n))
        return bytes([kind << 5 | number]) if number < 24 else bytes([kind << 5 | 24 + size]) + number.to_bytes(1 << size, "big")
    if value is None or type(value) is int: return b"\xf6" if value is None else head(value < 0, value if value >= 0 else -1 - value)
    if type(value) is list: return head(4, len(value)) + b"".join(map(cbor, value))
    return head(2, len(value)) + value if type(value) is bytes else head(3, len(value.encode())) + value.encode()
def keyed(key, label, o, kind, n): return hmac.digest(key, label + bytes([len(kind)]) + kind.encode() + bytes([o["level"]]) + o["cycle"].to_bytes(2, "big") + n.to_bytes(4, "big"), "sha256")
def leaf_of(o, key):
    raw = lambda name: o[name] and bytes.fromhex(o[name])
    said = [o["kind"], raw("report"), raw("production"), o["level"], o["desks"], o["policy_version"], o["deadline"],
            o["moved"] and list(fields(o["moved"], "moved").values()), list(fields(o["at"], "span").values()), raw("notices"), raw("previous"), raw("answer")]
    return b"\1" + keyed(key, b"tag", o, o["kind"], o["n"]) + sha(b"lastlooks/v1/leaf", keyed(key, b"nonce", o, o["kind"], o["n"]), cbor(said))
def head_of(text, log, witnesses, trusted):
    body, signatures = note(text); origin, size, root = body[:-1].split("\n")
    need(origin == log[0] and re.fullmatch("[1-9][0-9]*", size) and signed(log, body.encode(), signature_of(signatures, log)), "a checkpoint that the log did not sign")
    seen = {w: int.from_bytes(raw[:8], "big") for w in witnesses for raw in [signature_of(signatures, w)] if raw is not None}
    true = [at < 1 << 63 and signed(w, ("cosignature/v1\ntime %d\n" % at + body).encode(), signature_of(signatures, w)[8:]) for w, at in seen.items()]
    need(all(true) and len(signatures) == len(seen) + 1, "a false cosignature, or one of somebody who is not listed")
    by = [[seen[w] for side, w in trusted if side == wanted and w in seen] for wanted in ("union", "production")]
    return int(size), b64(root), max(map(min, by)) * 1000 if all(by) else None
clock, place = lambda e: (e["key"], e["opening"]["level"], e["opening"]["cycle"]), lambda o: "Level %d (%s)" % (o["level"], ", ".join(o["desks"])) if o["level"] else "The report"
def check(text, trusted):
    b = fields(json.loads(text.rstrip(" ")), "bundle")
    need((b["format"], json.dumps(b, separators=(",", ":"), ensure_ascii=False)) == ("lastlooks-bundle/v1", text.rstrip(" ")), "another spelling")
    log, witnesses, keys = vkey(b["log"]), [vkey(w) for w in b["witnesses"]], [bytes.fromhex(formed(k, "=")) for k in b["keys"]]
    need(log[2][0] == 1 and all(w[2][0] == 4 for w in witnesses) and len(set(witnesses)) == len(witnesses), "a key of another kind", need(len(b["consistency"]) == max(0, len(b["checkpoints"]) - 1), "proofs left over"))
    heads, says, lines = [head_of(text, log, witnesses, trusted) for text in b["checkpoints"]], [], []
    for old, new, proof in zip(heads, heads[1:], b["consistency"]): grown(*old[:2], *new[:2], hashes(proof))
    entries = [fields(e, "entry") for e in b["entries"]]
    for e in entries:
        o, (size, root, _) = fields(e["opening"], "opening"), heads[e["checkpoint"]]
        need(o["kind"] in FIELDS["kinds"].split() and (e["checkpoint"] == 0 or heads[e["checkpoint"] - 1][0] <= e["index"]) and o["report"] == entries[0]["opening"]["report"], "an entry of another report, or one that an earlier checkpoint holds")
        included(leaf_hash(leaf_of(o, keys[e["key"]])), e["index"], size, hashes(e["proof"]), root)
    for run in b["runs"]:
        breach = entries[fields(run, "run")["breach"]]
        o, tags, seen = breach["opening"], {leaf[1:33] for leaf in run_of(run, heads)}, heads[run["checkpoint"]][2]
        start = [e["index"] for e in entries if clock(e) == clock(breach) and (e["opening"]["kind"], e["opening"]["n"]) == ("assigned", 0)]
        need(start and run["from"] <= start[0] and run["from"] in [0] + [size for size, _, _ in heads] and o["kind"] in SILENT and o["deadline"] is not None, "a run about no missed deadline, or one that begins too late")
        has, over = lambda kind: any(keyed(keys[breach["key"]], b"tag", o, kind, n) in tags for n in range(64)), o["deadline"] + HOUR
        said = "holds an answer by %s." % shown(over) if has("answered") else (
            "holds %sno answer by %s. A member who answered would hold a signed receipt; none is enclosed." % ("an acknowledgement and " * has("acknowledged"), shown(over)))
        done = "%s that what was promised was done by %s." % ("says" if has("completed") else "does not say", shown(over))
        says.append("%s: the log %s" % (place(o), done if o["kind"] == "promised_not_done" else said))
        early = "%s: the log was seen at %s last, so it cannot be said yet what it holds by %s." % (place(o), shown(seen or 0), shown(over))
        lines.append(early if seen is not None and seen < over else says[-1])
    need(b["says"] == (says or ["No missed deadline is shown here."]), "it says what it does not show")
    lines += ["The report has the digest %s." % e["opening"]["report"] for e in entries[:1]] + [line(e, entries, heads) for e in entries] + [promise(fields(p, "promise"), log, heads, entries) for p in [b["promise"]] if p is not None]
    witnessed = bool(heads) and all(seen is not None for _, _, seen in heads)
    return witnessed, ([] if witnessed else ["Not witnessed: whoever holds the server's key could have made this."]) + lines + ["The log is %s." % b["log"]]
def line(e, entries, heads):
    o, seen = e["opening"], heads[e["checkpoint"]][2]
    said = "%s at %s" % (o["kind"].replace("_", " "), shown(o["at"]["to"]))
    if o["moved"]: return "%s: %s to %s (%s)." % (place(o), said, shown(o["moved"]["to"]), o["moved"]["why"].replace("_", " "))
    if o["kind"] not in ("acknowledged", "answered"): return "%s: %s%s." % (place(o), said, "" if o["deadline"] is None else ", due " + shown(o["deadline"]))
    same = [x["opening"] for x in entries if clock(x) == clock(e)]
    begins = ("assigned", "acknowledged")[:1 + (o["kind"] == "answered")]
    before = sorted((x["at"]["to"], x["kind"] == "acknowledged", x["n"], x["deadline"]) for x in same if x["kind"] in begins and x["at"]["to"] <= o["at"]["to"])
    due = before[-1][3] if before else None
    for x in sorted((x for x in same if x["kind"] == "extended"), key=lambda x: x["n"]): due = x["moved"]["to"] if due is not None and x["deadline"] == due else due
    if due is not None and seen is not None and seen <= due + HOUR: return "%s: %s, seen in the log at %s, in time: it was due %s." % (place(o), said, shown(seen), shown(due))
    return "%s: claims %s%s." % (place(o), said, "" if due is None else ("" if seen is None else ", logged " + shown(seen)) + "; it was due " + shown(due))
def promise(p, log, heads, entries):
    key, (body, signatures) = vkey(p["key"]), note(p["note"])
    said, leaves, seen = body[:-1].split("\n"), {leaf[1:33]: leaf[33:] for leaf in reversed(run_of(p, heads))}, heads[p["checkpoint"]][2]
    need(key[0] == log[0] + "/promise" and key[2][0] == 1 and len(signatures) == 1 and signed(key, body.encode(), signature_of(signatures, key)), "a promise that the host did not sign")
    at = [n for n, text in enumerate(said) if text.startswith("in-log-by ")][0]
    need((not entries or b64(said[2][7:]).hex() == entries[0]["opening"]["report"]) and said[:2] == ["lastlooks-promise/v1", log[0]] and at > 4 and p["from"] <= int(said[3][6:]), "a promise about something else")
    promised, by = [hashes(text.split(" ")[1:3]) for text in said[4:at]], millis(said[at][10:])
    outcomes = [(millis(text[11:31]), hashes(text[39:].split(" "))) for text in said[at + 1:]]
    if any(leaves.get(t, c) != c for t, c in promised): return "The host broke its promise: what it promised is in the log with other content."
    if seen is None: return "The host's promise: without witnesses nobody can say whether it was kept in time."
    missing = "an entry that was promised is not in the log" if seen > by and any(t not in leaves for t, _ in promised) else None
    if not missing and any(seen > late and not any(t in leaves for t in tags) for late, tags in outcomes): missing = "the log holds no outcome: neither an answer nor that there was none"
    return "The host broke its promise: %s, as of %s." % (missing, shown(seen)) if missing else "The host's promise was kept as of %s." % shown(seen)
if __name__ == "__main__":
    try:
        rows = [row.rstrip().split(" ") for row in open(sys.argv[2]) if row.strip() and row[0] != "#"] if len(sys.argv) > 2 else []
        keys = [vkey(row[1]) for row in rows if row[0] in ("union", "production", "other") and len(row) in (2, 3)]
        need(len({key[2] for key in keys if key[2][0] == 4}) == len(rows), "a line of the witnesses that is none")
        with open(sys.argv[1], encoding="utf-8", newline="") as file: witnessed, found = check(file.read(), [(row[0], key) for row, key in zip(rows, keys)])
    except Exception as error: sys.exit("the bundle shows nothing: %s" % error)
    sys.exit(print("\n".join(found)) or (0 if witnessed else 2))
