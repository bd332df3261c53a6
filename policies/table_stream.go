package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// TableStream asks that what changes in a table can be followed. Few organizations ask that of every table.
var TableStream = &policy.Policy{
	Name:  "table-stream",
	Title: "Changes to the items of tables can be followed",
	Doc: `
		Reports a table whose change stream is off and that has no Kinesis data stream as its destination in the stack, by another resource or by itself. It is
		for organizations that ask for it of every table, and disabled where nothing is configured.`,
	Before: `
name: orders`,
	After: `
name: orders
streamEnabled: true
streamViewType: NEW_AND_OLD_IMAGES`,
	Why: "Where an organization follows changes by streams, a table without one is not seen.",
	Silent: [][2]string{
		{"Every stack, where nothing is configured", "A stream that nobody reads is no control: the policy is disabled by default."},
		{"Tables whose changes go to a Kinesis data stream", "They can be followed there."},
		{"Destinations that are not known yet", "They may be of the table: the outcome is unknown."},
	},
	Remediation: "Set streamEnabled to true, and streamViewType to what consumers need.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/streamsmain.html",
	Severity:    policy.Low,
	Level:       policy.Disabled,
	Criteria:    []soc2.ID{"CC7.2"},
	Reads:       facts.StreamReads,

	CheckStack: checkStream,
}

func checkStream(p *policy.StackPass) {
	streamed, unknown := p.Graph.Streamed()
	for _, r := range p.Graph.Resources {
		if _, _, _, ok := facts.StreamOf(r, new(resource.Log)); !ok || streamed[r.URN] {
			continue
		}
		pass := p.On(r.URN)
		stream, followed, known, _ := facts.StreamOf(r, &pass.Log)
		switch {
		case followed || !known:
		case len(unknown) > 0:
			for _, at := range unknown {
				p.Awaits(r.URN, at)
			}
		default:
			remedy := fmt.Sprintf("set %s to what consumers need", stream.Path)
			if facts.Switches(r.Type) {
				remedy = "set it to true, and streamViewType to what consumers need"
			}
			pass.Report(policy.Finding{
				Path: stream.Place(), Wrong: stateOf(stream) + ": nothing can follow what changes in the table", Remedy: remedy,
			})
		}
	}
}
