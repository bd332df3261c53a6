package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dynamoguard/e2e/internal/harness"
)

// previews previews 200 resources as a person does, in turns: without a pack,
// with an analyzer without a policy, with the pack, and foreseen. Among them are
// documents on new tables, which only the foreseen one judges.
//
// The stand-in provider answers at once, and the CLI shares two cores with it,
// so no real program has less to share the costs with. The real provider speaks
// with AWS to be configured, which took 3.5 s where Pulumi's makers measured it,
// and takes 2 here; that is what the targets are for.
//
// Source: https://github.com/pulumi/pulumi/issues/3671, on Configure
func previews(b *testing.B, t *table) {
	const tables, rounds = 100, 4
	folder := b.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "Pulumi.yaml"), []byte(manyDocuments(tables)), 0o600); err != nil {
		b.Fatal(err)
	}
	s := harness.NewYAML(b, nil, folder)
	floor := empty(b).installed
	took := func(run func(...string) (string, string, int), judged string, args ...string) float64 {
		start := time.Now()
		stdout, stderr, code := run(append([]string{"preview", "--non-interactive"}, args...)...)
		if took := time.Since(start).Seconds(); code == 0 && strings.Contains(stdout+stderr, judged) {
			return took
		}
		b.Fatalf("exit code %d, without %q:\n%s\n%s", code, judged, stdout, stderr)
		return 0
	}
	for _, c := range []struct {
		provider, faults string
		with, foreseen   limit
	}{
		{"a provider that takes two seconds to be configured", "configure * delay=2s", limit{atMost: 1.03, allowed: 1.15}, limit{atMost: 1.1, allowed: 1.2}},
		{"one that answers at once", "", limit{}, limit{}},
	} {
		s.Faults(c.faults)
		const without, analyzer, with, foreseen = 0, 1, 2, 3
		runs := [4]func() float64{
			without:  func() float64 { return took(s.RunPulumi, "201 to create") },
			analyzer: func() float64 { return took(s.RunPulumi, "201 to create", "--policy-pack="+floor) },
			with: func() float64 {
				return took(s.RunPulumi, "0 of 100 ", "--policy-pack=$PACK")
			},
			foreseen: func() float64 {
				return took(s.Run, "100 of 100 policy documents judged")
			},
		}
		var times [len(runs)][]float64
		for i := range rounds {
			for k := range runs { // each goes first in turn
				n := (i + k) % len(runs)
				times[n] = append(times[n], runs[n]())
			}
		}
		add := func(what string, limit limit, ours int, than string, theirs int) {
			t.add(row{what: what, unit: seconds, limit: limit, ours: times[ours], theirs: times[theirs], than: than})
		}
		add("`pulumi preview` of 200 resources, by "+c.provider, c.with, with, "without a pack", without)
		add("... the same", limit{}, with, "an empty analyzer", analyzer)
		add("... foreseen, by `dynamoguard preview`", c.foreseen, foreseen, "with the pack", with)
		add("... foreseen", limit{}, foreseen, "without a pack", without)
	}
}

// manyDocuments is a program of new tables, each with a document that names it.
// No mandatory policy finds anything.
func manyDocuments(tables int) string {
	var program strings.Builder
	program.WriteString("name: shop\nruntime: yaml\nconfig: {aws:region: us-east-1}\nresources:\n")
	for i := range tables {
		fmt.Fprintf(&program, `
  table%[1]d:
    type: aws:dynamodb:Table
    properties:
      billingMode: PAY_PER_REQUEST
      hashKey: id
      attributes: [{name: id, type: S}]
      deletionProtectionEnabled: true
      pointInTimeRecovery: {enabled: true}
      serverSideEncryption: {enabled: true}
  reader%[1]d:
    type: aws:iam:RolePolicy
    properties:
      role: app
      policy:
        fn::toJSON:
          Version: "2012-10-17"
          Statement: [{Effect: Allow, Action: dynamodb:GetItem, Resource: "${table%[1]d.arn}"}]
`, i)
	}
	return program.String()
}
