# Reads what the stories print: shows how far they are, each failure whole, and at the end on what each story ran.

/^test .* \.\.\. / {
    if (++seen % 50 == 0) printf "%d stories so far\n", seen
    if ($NF != "ok") print
    if ($NF == "ok") passed[$2] = ""
    fflush()
    next
}
/^successes:$/ { part = "successes"; next }
/^failures:$/ { part = "failures" }
/^test result: / { part = ""; result = $0; next }
part == "successes" && /^---- .* stdout ----$/ { story = $2 }
part == "successes" && story in passed && /^on / && !index(passed[story], substr($0, 4)) {
    passed[story] = passed[story] (passed[story] ? " and " : "") substr($0, 4)
}
part == "successes" { next }
{ print; fflush() }

END {
    if (result ~ /^test result: ok/) {
        for (story in passed) printf "%-28s %s\n", passed[story] ? passed[story] : "no test database", story | "sort"
        close("sort")
    }
    if (result) print result
}
