package main

import (
	"encoding/json"
	"testing"

	"dynamoguard/internal/iam"
)

// TestMatrix holds the access matrix to package iam's own evaluation of single requests, of some worlds that are not recorded.
func TestMatrix(t *testing.T) {
	for i := range uint64(60) {
		w := GenerateWorld(7, i)
		if _, err := w.ask(evaluator()); err != nil {
			t.Fatal(err)
		}
		for _, d := range w.differences() {
			t.Error(d)
		}
	}
}

// evaluator is package iam as a judge of many cases that share documents.
func evaluator() judge {
	parsed := map[*Document]*iam.Document{}
	parse := func(d *Document, kind iam.Kind) *iam.Document {
		if d != nil && parsed[d] == nil {
			text, err := encode(d)
			if err != nil {
				panic(err) // a document of the generator is not JSON
			}
			parsed[d] = iam.Parse(string(text), kind)
		}
		return parsed[d]
	}
	return func(cases []*Case) (answers []Answer, err error) {
		for _, c := range cases {
			r := iam.Request{
				Action: c.Action, Resource: c.Resource, Principal: c.Principal, Account: c.AccountID, Context: map[string][]string{},
				ResourcePolicy: parse(c.ResourcePolicy, iam.Resource),
			}
			for key, l := range c.Context {
				r.Context[key] = l.Values
			}
			for _, d := range c.Identity {
				r.Identity = append(r.Identity, parse(d, iam.Identity))
			}
			for _, d := range c.Boundary {
				r.Boundary = append(r.Boundary, parse(d, iam.Identity))
			}
			answers = append(answers, Answer{ID: c.ID, Verdict: iam.Evaluate(r).Verdict.String()})
		}
		return answers, nil
	}
}

// TestMatrixReplay holds the access matrix to what the oracle allowed in the recorded worlds.
func TestMatrixReplay(t *testing.T) {
	cells := map[rune]int{}
	worlds := 0
	readLines(t, "matrix.jsonl.gz", func(line []byte) error {
		w := new(World)
		if err := json.Unmarshal(line, w); err != nil {
			return err
		}
		worlds++
		for _, row := range w.Cells {
			for _, cell := range row {
				for _, right := range cell {
					cells[right]++
				}
			}
		}
		for _, d := range w.differences() {
			t.Error(d)
		}
		return nil
	})
	for right, least := range map[rune]int{'a': 2000, 'c': 350, 'n': 16000} {
		if worlds < 200 || cells[right] < least {
			t.Errorf("%d cells %c in %d recorded worlds, want %d: record again", cells[right], right, worlds, least)
		}
	}
}
