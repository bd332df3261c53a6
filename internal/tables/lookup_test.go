package tables

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dynamoguard/internal/glob"
)

// many are tables of stacks in an order of no meaning.
func many(n int) *Index {
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = Entry{
			Name: fmt.Sprintf("%s-%05d", []string{"orders", "carts", "items", "Orders"}[i%4], i*7919%n), Account: fmt.Sprintf("%012d", i%3),
			Region: "us-east-1", Organization: "acme", Project: "shop", Stack: fmt.Sprintf("s%d", i%10), URN: fmt.Sprint("urn:", i),
		}
	}
	return New(time.Now(), entries, nil, 0)
}

// TestLookup compares with looking at every table.
func TestLookup(t *testing.T) {
	x := many(2000)
	l := NewLookup(x)
	in := func(e Entry) bool { return e.Stack < "s5" && e.Account != "000000000001" }
	for _, pattern := range []string{"*", "orders-*", "orders-0100?", "orders-01*9", "*-00010", "?arts*", "orders-00010", "Orders-*", "nobody-*", "zzz", "", "orders-*?"} {
		var want, got []string
		for _, e := range x.Tables {
			if in(e) && glob.Match(pattern, e.Name) {
				want = append(want, e.URN)
			}
		}
		for e := range l.Matching(pattern, in) {
			got = append(got, e.URN)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Errorf("%q: %d tables, want %d", pattern, len(got), len(want))
		}
	}
}

// TestLookupSteps counts what is looked at: each stack and place once, and of their tables those whose names begin as the pattern
// does, as long as somebody asks for more.
func TestLookupSteps(t *testing.T) {
	l := NewLookup(many(100_000))
	places := len(l.groups())
	if places != 30 {
		t.Fatalf("%d stacks and places", places)
	}
	for prefix, want := range map[string]int{"": 100_000, "orders-": 25_000, "orders-0001": 2, "nobody-": 0, "zzz": 0} {
		looked := 0
		for _, g := range l.groups() {
			looked += len(l.beginning(g, prefix))
		}
		if looked != want {
			t.Errorf("%q: %d tables are looked at, want %d", prefix, looked, want)
		}
	}
	asked, taken := 0, 0
	for range l.Matching("*", func(Entry) bool { asked++; return true }) {
		if taken++; taken == 100 {
			break
		}
	}
	if asked != 1 {
		t.Errorf("%d stacks and places are asked about for 100 tables, want 1 of them", asked)
	}
}
