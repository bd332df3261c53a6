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

// A million requests are asked of a stack: none needs memory, unless somebody asks for the reasons.
func TestEvaluateAllocatesNothing(t *testing.T) {
	d := parse(t, "Allow dynamodb:Query on table/orders,table/orders/index/*; Deny dynamodb:* on arn:aws:dynamodb:*:*:table/secret-*", Identity)
	for verdict, resource := range map[Verdict]string{
		Allowed: longARN("table/orders/index/by-date"), ExplicitlyDenied: longARN("table/secret-1"), ImplicitlyDenied: longARN("table/items"),
	} {
		req := Request{Action: "dynamodb:Query", Resource: resource, Principal: "arn:aws:iam::111122223333:user/alice", Identity: []*Document{d}}
		if got := Evaluate(req); got.Verdict != verdict || len(got.Reasons()) != 1 {
			t.Errorf("%s: %s with %d reasons", resource, got.Verdict, len(got.Reasons()))
		}
		if n := testing.AllocsPerRun(100, func() { Evaluate(req) }); n != 0 {
			t.Errorf("%s: %g allocations", verdict, n)
		}
	}
}
