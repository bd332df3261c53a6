package main

import (
	"encoding/json"
	"fmt"

	"dynamoguard/internal/iam/simulate"
)

// Ours asks package iam for the verdicts of cases.
func Ours(cases []*Case) ([]Answer, error) {
	answers := make([]Answer, len(cases))
	for i, c := range cases {
		verdict, err := Verdict(c.Line())
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", c.ID, err)
		}
		answers[i] = Answer{ID: c.ID, Verdict: verdict}
	}
	return answers, nil
}

// Verdict is what package iam says of one case.
func Verdict(line []byte) (string, error) {
	var answer struct{ Verdict, Error string }
	if err := json.Unmarshal(simulate.Line(line), &answer); err != nil {
		return "", err
	}
	if answer.Error != "" {
		return "", fmt.Errorf("package simulate: %s", answer.Error)
	}
	return answer.Verdict, nil
}
