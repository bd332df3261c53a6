package main

import (
	"slices"
	"strings"
)

// Result is a case with what both evaluators say of it.
type Result struct {
	Case
	Oracle string `json:"oracle"`
	// Known are the reasons why the oracle's verdict counts for nothing; none: it must be package iam's as well.
	Known []string `json:"known,omitempty"`
	// Verdict is package iam's.
	Verdict string `json:"verdict"`

	unexplained bool
	detail      string // of the oracle's verdict
}

// judge is an evaluator of cases.
type judge func([]*Case) ([]Answer, error)

// Compare asks both evaluators, and asks the oracle again about the rewritten cases where they differ.
func Compare(cases []*Case, ours, oracle judge) ([]*Result, error) {
	mine, err := ours(cases)
	if err != nil {
		return nil, err
	}
	theirs, err := oracle(cases)
	if err != nil {
		return nil, err
	}
	results := make([]*Result, len(cases))
	var trials []trial
	for i, c := range cases {
		r := &Result{Case: *c, Oracle: theirs[i].Verdict, Verdict: mine[i].Verdict, detail: theirs[i].Detail}
		results[i] = r
		switch {
		case theirs[i].Ignored != nil || theirs[i].Verdict == "Error":
			// The oracle does not know such a request: the generator is wrong.
			r.unexplained = true
			r.detail += " ignored: " + strings.Join(theirs[i].Ignored, " ")
		case c.Defect != "":
			r.Known = []string{"IAM refuses the document: " + c.Defect}
			r.unexplained = r.Verdict != "Invalid"
		case r.Verdict != r.Oracle:
			r.unexplained = true // unless a trial explains it
			trials = append(trials, rewrites(r)...)
		}
	}
	return results, explain(trials, ours, oracle)
}

// trial is a case rewritten to explain why the evaluators differ on it.
type trial struct {
	result *Result
	names  []string
	*Case
}

// rewrites are the case with each rewrite that changes it, with each two of them, and with all.
func rewrites(r *Result) []trial {
	var applicable []known
	for _, k := range knowns {
		if k.rewrite(r.clone()) {
			applicable = append(applicable, k)
		}
	}
	var trials []trial
	try := func(some ...known) {
		t := trial{r, nil, r.clone()}
		for _, k := range some {
			k.rewrite(t.Case)
			t.names = append(t.names, k.name)
		}
		trials = append(trials, t)
	}
	for _, k := range applicable {
		try(k)
	}
	for i, k := range applicable {
		for _, l := range applicable[i+1:] {
			try(k, l)
		}
	}
	if len(applicable) > 2 {
		try(applicable...)
	}
	return trials
}

// explain marks the results that a rewrite explains: both evaluators give the rewritten case the verdict that package iam
// gave the case. The trials are in the order of preference: the fewest rewrites first.
func explain(trials []trial, ours, oracle judge) error {
	cases := make([]*Case, len(trials))
	for i, t := range trials {
		cases[i] = t.Case
	}
	mine, err := ours(cases)
	if err != nil {
		return err
	}
	theirs, err := oracle(cases)
	if err != nil {
		return err
	}
	for i, t := range trials {
		if t.result.unexplained && theirs[i].Verdict == t.result.Verdict && mine[i].Verdict == t.result.Verdict {
			t.result.unexplained, t.result.Known = false, slices.Clone(t.names)
		}
	}
	return nil
}
