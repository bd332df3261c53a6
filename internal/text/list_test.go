package text_test

import (
	"strconv"
	"strings"
	"testing"

	"dynamoguard/internal/text"
)

func TestLists(t *testing.T) {
	numbers := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = strconv.Itoa(i + 1)
		}
		return list
	}
	twenty := strings.Join(numbers(20), ", ")
	for want, got := range map[string]string{
		"":                       text.List(nil, ", "),
		"1":                      text.List(numbers(1), ", "),
		twenty:                   text.List(numbers(20), ", "),
		twenty + ", and 1 more":  text.List(numbers(21), ", "),
		twenty + ", and 30 more": text.List(numbers(50), ", "),
		"a":                      text.And([]string{"a"}),
		"a and b":                text.And([]string{"a", "b"}),
		"a, b and c":             text.And([]string{"a", "b", "c"}),
		"1 policy":               text.Count(1, "policy", "policies"),
		"2 policies":             text.Count(2, "policy", "policies"),
		"0 policies":             text.Count(0, "policy", "policies"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	written := 0
	text.ListOf(numbers(1000), ", ", func(string) string { written++; return "" })
	if written != 20 {
		t.Errorf("%d of 1000 were written", written)
	}
}
