//go:build unix

package iam

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cost is the processor time that f takes, the least of a few tries, of which the first that takes no more than enough is
// the last. What else the machine does is not in it, so that it can be compared with that of something else.
func cost(t *testing.T, enough time.Duration, f func()) time.Duration {
	t.Helper()
	spent := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	least := time.Duration(1<<63 - 1)
	for try := 0; try < 3 && least > enough; try++ {
		before := spent()
		f()
		least = min(least, spent()-before)
	}
	return least
}

// Reading and judging a document is linear in its size, whatever is in it: no question takes many times what it takes to
// read a document of that size with nothing strange in it. Hundreds of times are what the square of it takes.
func TestHostile(t *testing.T) {
	const size, most = 1 << 19, 60 // at most 20 times was measured
	statements := strings.TrimSuffix(strings.TrimPrefix(typical(), strings.TrimSuffix(one(""), "]}")), "]}") + ","
	plain := one(strings.Repeat(statements, size/len(statements)) + "{}")
	reading := cost(t, 0, func() { Parse(plain, Identity) })
	for name, text := range hostile(size) {
		var d *Document
		for _, step := range []struct {
			name string
			do   func()
		}{
			{"Parse", func() { d = Parse(text, Identity) }},
			{"WildcardActions", func() { d.WildcardActions(WildcardOptions{}) }},
			{"UnscopedResources", func() { d.UnscopedResources(UnscopedOptions{}) }},
			{"ItemConditions", func() { d.ItemConditions(time.Time{}) }},
			{"SensitiveActions", func() { d.SensitiveActions() }},
			{"IneffectiveStatements", func() { d.IneffectiveStatements() }},
			{"Escalations", func() {
				Escalations([]*Document{d}, []*Document{d}, EscalationHolder{Type: "role", Name: "app"}, time.Time{})
			}},
			{"NewGrants", func() { NewGrants([]*Document{d}, []*Document{d}) }},
		} {
			times := float64(cost(t, most*reading, step.do)) / float64(reading)
			if t.Logf("%s: %s %.1f", name, step.name, times); times > most {
				t.Errorf("%s: %s takes %.0f times what reading takes", name, step.name, times)
			}
		}
	}
}

// So it is with whom a table's policy lets in, where all that confines meets all that is let in.
func TestHostileShares(t *testing.T) {
	const size, most = 1 << 19, 60 // at most 20 times was measured
	repeat := func(format string, length int) string {
		var list []string
		for i := range length / len(format) {
			list = append(list, fmt.Sprintf(format, i))
		}
		return strings.Join(list, ",")
	}
	for name, statements := range map[string]string{
		"principals and values": `{"Effect":"Allow","Principal":{"AWS":[` + repeat(`"%012d"`, size/2) + `]},"Action":"dynamodb:*","Resource":"*",` +
			`"Condition":{"StringEquals":{"aws:PrincipalAccount":[` + repeat(`"%012d"`, size/2) + `]}}}`,
		"values and values": `{"Effect":"Allow","Principal":"*","Action":"dynamodb:*","Resource":"*","Condition":{` +
			`"StringEquals":{"aws:PrincipalOrgID":[` + repeat(`"o-%010d"`, size/2) + `],"aws:PrincipalArn":[` + repeat(`"%012d"`, size/2) + `]}}}`,
		"allows and denies": repeat(`{"Effect":"Allow","Principal":{"AWS":"%012d"},"Action":"dynamodb:*","Resource":"*"}`, size/2) + "," +
			repeat(`{"Effect":"Deny","NotPrincipal":{"AWS":"%012d"},"Action":"dynamodb:GetItem","Resource":"*"}`, size/2),
		"parts": `{"Effect":"Allow","Principal":"*","Action":"dynamodb:*","Resource":"*"},` +
			repeat(`{"Effect":"Deny","NotPrincipal":{"AWS":"%012d"},"Action":["dynamodb:GetItem","dynamodb:P*"],"Resource":"*"}`, size),
	} {
		text := one(statements)
		var d *Document
		reading := cost(t, 0, func() { d = Parse(text, Resource) })
		if !d.Readable() {
			t.Fatalf("%s: %v", name, d.Errors)
		}
		judging := cost(t, most*reading, func() {
			d.Shares(time.Time{})
			d.LocksOut("", "111122223333", time.Time{})
			d.InterruptsReplication(longARN("table/orders"), "111122223333", allActions, time.Time{})
		})
		times := float64(judging) / float64(reading)
		if t.Logf("%s: %.1f", name, times); times > most {
			t.Errorf("%s takes %.0f times what reading takes", name, times)
		}
	}
}

// Many conditions and a large context take no more than the sum of both: a few times what it takes to read the conditions.
func TestEvaluateLargeContext(t *testing.T) {
	const n, most = 8000, 10
	var conditions []string
	context := map[string][]string{}
	for i := range n {
		conditions = append(conditions, fmt.Sprintf(`"aws:PrincipalTag/%06d":"x"`, i))
		context[fmt.Sprintf("aws:PrincipalTag/z%05d", i)] = []string{"x"}
	}
	text := one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{` + strings.Join(conditions, ",") + `}}}`)
	var d *Document
	reading := cost(t, 0, func() { d = Parse(text, Identity) })
	req := Request{Action: "dynamodb:GetItem", Resource: longARN("table/orders"), Principal: "arn:aws:iam::111122223333:user/a", Context: context, Identity: []*Document{d}}
	evaluating := cost(t, most*reading, func() {
		if got := Evaluate(req); got.Verdict != Allowed {
			t.Fatal(got.Verdict)
		}
	})
	times := float64(evaluating) / float64(reading)
	if t.Logf("%.1f", times); times > most {
		t.Errorf("takes %.0f times what reading takes", times)
	}
}
