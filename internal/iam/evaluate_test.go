package iam

import (
	"fmt"
	"testing"
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
