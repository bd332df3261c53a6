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

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":{"type":1},"b":["type",2],"type": 3,"type":4}`: "3",
		`{"t\u0079pe":"x\\"}`:                                `"x\\"`,
		`{"typ\u0065s":1}`:                                   "",
		`{"a":"\"type\":1"}`:                                 "",
		`{}`:                                                 "",
		`[]`:                                                 "byte 0 is '[', not the start of an object",
		`{"a":1 "type":2}`:                                   "byte 7 is '\"', not a comma or the end of an object",
		`{"a" 1}`:                                            "byte 5 is '1', not a colon",
		`{"a":1,`:                                            "it ends after 7 bytes, in the middle",
		`{"a":}`:                                             "byte 5 is '}', not a value",
	} {
		s := jsonscan.Of([]byte(text))
		got := ""
		if s.Find("type") {
			got = string(s.Value())
		}
		if s.Err() != nil {
			got += s.Err().Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
