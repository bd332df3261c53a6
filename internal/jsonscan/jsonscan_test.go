package jsonscan_test

import (
	"strings"
	"testing"
	"testing/iotest"

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

// TestValueIf: what is not wanted takes the memory of what comes before the member that says so.
func TestValueIf(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for text, want := range map[string]string{
		`{"type":"a","b":"c"}`:                      `{"type":"a","b":"c"}`,
		`{"b":[{"type":"z"}],"type":"a"}`:           `{"b":[{"type":"z"}],"type":"a"}`,
		`{"type":"z","b":{"c":["` + long + `",1]}}`: "",
		`{"type":1}`:                      "",
		`{}`:                              "",
		`{"type":"a","b":"` + long + `"}`: "the value at byte 1 is larger than 64 bytes",
		`{"b":"` + long + `","type":"z"}`: "the value at byte 1 is larger than 64 bytes",
		`{"type":"z","b":"` + long:        "it ends after 1019 bytes, in the middle",
		`{"b":1,"type":"` + strings.Repeat("\\u0061", 9): "the value at byte 1 is larger than 64 bytes",
		`[]`: "byte 1 is '[', not the start of an object",
	} {
		s := jsonscan.New(iotest.OneByteReader(strings.NewReader("["+text+"]")), 64)
		got := ""
		s.Elements(func(int) { got = string(s.ValueIf("type", func(typ string) bool { return typ == "a" })) })
		if s.Err() != nil {
			got = s.Err().Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]int{
		`1`: 1, `"a,b:[{\",\\"`: 1, `[1,2,"a,b"]`: 4, `{"a":1,"b":[{"c":2}]}`: 8,
	} {
		if got := jsonscan.Values([]byte(text)); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
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
