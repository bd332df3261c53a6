package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A key of the context is found in any case, among few and among many.
func TestEvaluateContext(t *testing.T) {
	d := parse(t, `Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/Team} if {"StringEquals":{"AWS:principaltag/team":"orders"}}`, Identity)
	for _, others := range []int{0, fewKeys - 1, fewKeys, 100} {
		context := map[string][]string{"aws:PrincipalTAG/Team": {"orders"}}
		for i := range others {
			context[fmt.Sprintf("aws:PrincipalTag/Z%d", i)] = []string{"x"}
		}
		req := Request{Action: "dynamodb:GetItem", Resource: longARN("table/orders"), Principal: "arn:aws:iam::111122223333:user/a", Context: context, Identity: []*Document{d}}
		if got := Evaluate(req); got.Verdict != Allowed {
			t.Errorf("among %d others: %s", others, got.Verdict)
		}
	}
}

// Many conditions and a large context take no more than the sum of both.
func TestEvaluateLargeContext(t *testing.T) {
	const n = 8000
	var conditions []string
	context := map[string][]string{}
	for i := range n {
		conditions = append(conditions, fmt.Sprintf(`"aws:PrincipalTag/%06d":"x"`, i))
		context[fmt.Sprintf("aws:PrincipalTag/z%05d", i)] = []string{"x"}
	}
	d := parse(t, `Allow * on * if {"StringEqualsIfExists":{`+strings.Join(conditions, ",")+`}}`, Identity)
	req := Request{Action: "dynamodb:GetItem", Resource: longARN("table/orders"), Principal: "arn:aws:iam::111122223333:user/a", Context: context, Identity: []*Document{d}}
	const limit = slack * 40 * time.Millisecond // some 3 ms are usual
	took := limit + 1
	for try := 0; try < 5 && took > limit; try++ {
		start := time.Now()
		if got := Evaluate(req); got.Verdict != Allowed {
			t.Fatal(got.Verdict)
		}
		took = time.Since(start)
	}
	if took > limit {
		t.Errorf("took %v", took)
	}
}
