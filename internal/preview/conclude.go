package preview

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/session"
	"dynamoguard/internal/text"
)

// say writes a line for people, where it is wanted. A text is printable and no longer than anybody reads.
func (p *preview) say(wanted bool, line string) {
	if wanted {
		_, _ = fmt.Fprintln(p.Err, "dynamoguard:", text.Message(line))
	}
}

// conclude says what became of a run.
func (p *preview) conclude(state *session.State, code int) {
	people := !p.args.on("json", os.Getenv) && p.args.last("output", os.Getenv) != "json"
	issued := state.Issued()
	judged, _ := state.Judged()
	_, told := p.signals.heard()
	if code != 0 && code != noChanges && !told && judged.Violations == 0 && len(issued) > 0 {
		_, _ = fmt.Fprintln(p.Err, "dynamoguard:", text.Enumeration(failed, foreseenLines(issued)))
	}
	if p.Foreseen {
		p.list(issued)
	}
	for _, note := range append(unforwarded(os.Getenv, p.self), state.Notes()...) {
		p.say(people, strings.Join(strings.Fields(note), " ")) // a provider breaks the lines of its errors
	}
	const most = 20
	for i, l := range slices.SortedFunc(slices.Values(p.unforeseen), func(a, b left) int { return cmp.Compare(a.urn, b.urn) }) {
		if i == most {
			p.say(people, fmt.Sprintf("%d more resources were left unforeseen", len(p.unforeseen)-most))
			break
		}
		p.say(people, shown(l.urn)+" was left unforeseen: "+l.token+" would look for it at AWS")
	}
	p.say(people, summary(state))
}

// noChanges is the CLI's exit code where there are changes and --expect-no-changes wants none.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/cmd/exit_codes.go
const noChanges = 7

const failed = "pulumi preview failed, and not by a finding of this pack. What is made inside an apply may have failed on one of " +
	"the values that were foreseen, and without which it would not have run:"

// summary is the line at the end: 27 of 27 policy documents judged; 31 values foreseen (24 determined, 7 stand-ins).
func summary(state *session.State) string {
	line := "no pack said what it judged"
	if judged, ok := state.Judged(); ok && judged.Of == 0 {
		line = "there was no policy document to judge"
	} else if ok {
		line = fmt.Sprintf("%d of %s judged", judged.Documents, text.Count(judged.Of, "policy document", "policy documents"))
	}
	standIns, all := 0, 0
	for _, issue := range state.Issued() {
		for _, v := range issue.Values {
			all++
			if v.StandIn {
				standIns++
			}
		}
	}
	line += "; " + text.Count(all, "value", "values") + " foreseen"
	switch {
	case all > 0:
		line += fmt.Sprintf(" (%d determined, %s)", all-standIns, text.Count(standIns, "stand-in", "stand-ins"))
	case state.Forwarders() == 0:
		line += ": no AWS provider was led through a forwarder"
	}
	return line
}

// shown names a resource: aws:dynamodb:Table orders.
func shown(urn string) string {
	u := resource.URN(urn)
	return resource.ShortType(u.Type()) + " " + u.Name()
}

// A row is what is listed of a foreseen value.
type row struct{ resource, property, value, how string }

func rows(issued []session.Issue) []row {
	var all []row
	for _, issue := range issued {
		for _, v := range issue.Values {
			r := row{shown(issue.URN), v.Property, v.Text, "determined"}
			if v.Property == "" {
				r.property = "id"
			}
			if v.StandIn {
				r.how = "stand-in"
			} else if issue.Auto {
				r.how += ", by a name with another suffix in up"
			}
			if v.Secret {
				r.value = "[secret]"
			}
			all = append(all, r)
		}
	}
	return all
}

func foreseenLines(issued []session.Issue) []string {
	var lines []string
	for _, r := range rows(issued) {
		lines = append(lines, fmt.Sprintf("%s: %s %s (%s)", r.resource, r.property, r.value, r.how))
	}
	return lines
}

// list writes a table of the foreseen values.
func (p *preview) list(issued []session.Issue) {
	w := tabwriter.NewWriter(p.Err, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "RESOURCE\tPROPERTY\tVALUE\tFORESEEN AS")
	for _, r := range rows(issued) {
		cells := []string{r.resource, r.property, r.value, r.how}
		for i, cell := range cells {
			cells[i] = text.Printable(cell)
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush()
}
