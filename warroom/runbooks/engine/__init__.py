"""How a run goes on, by subject: what is next, approvals, calls, results, the end. Pure; `warroom.runbooks.rules` is the way in."""
