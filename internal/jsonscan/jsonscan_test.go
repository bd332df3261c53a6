package jsonscan_test

import (
	"strings"
	"testing"

	"dynamoguard/internal/jsonscan"
)

// TestMost: a value that is asked for takes no more memory than that, and one that is skipped none.
func TestMost(t *testing.T) {
	value := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	for _, c := range []struct {
		skipped, asked int
		want           string
	}{
		{1000, 60, ""},
		{1000, 64, ""},
		{10, 65, "the value at byte 12 is larger than 64 bytes"},
		{10, 1000, "the value at byte 12 is larger than 64 bytes"},
	} {
		s := jsonscan.New(strings.NewReader("["+value(c.skipped)+","+value(c.asked)+"]"), 64)
		got := ""
		s.Elements(func(i int) {
			if i == 0 {
				s.Skip()
			} else {
				got = string(s.Value())
			}
		})
		switch err := s.Err(); {
		case c.want == "" && (err != nil || got != value(c.asked)):
			t.Errorf("%d bytes: got %q, %v", c.asked, got, err)
		case c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%d bytes: got %v, want %s", c.asked, err, c.want)
		}
	}
}

func TestStop(t *testing.T) {
	s := jsonscan.Of([]byte(`{"a":1,"b":2}`))
	seen := ""
	s.Members(func(name string) {
		seen += name
		s.Skip()
		s.Stop()
	})
	if seen != "a" {
		t.Errorf("after Stop, %q is read", seen)
	}
}
