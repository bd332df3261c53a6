package provider

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestOutput: the first line is replaced where it is a port, however it comes, and everything else is passed on.
func TestOutput(t *testing.T) {
	long := strings.Repeat("9", maxLine+1)
	for _, c := range []struct {
		name   string
		writes []string
		want   string
	}{
		{"a port", []string{"4711\n"}, "PORT 4711\n"},
		{"of Windows", []string{" 4711\r\n"}, "PORT 4711\n"},
		{"in pieces", []string{"47", "11", "\nmo", "re"}, "PORT 4711\nmore"},
		{"with more", []string{"4711\nmore\n"}, "PORT 4711\nmore\n"},
		{"no port", []string{"hello\n", "4711\n"}, "hello\n4711\n"},
		{"too large", []string{"65536\n"}, "65536\n"},
		{"no line", []string{"4711"}, "4711"},
		{"no end", []string{long, "9"}, long + "9"},
		{"nothing", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rest bytes.Buffer
			o := &output{rest: &rest, port: func(port uint16) error {
				_, err := fmt.Fprintf(&rest, "PORT %d\n", port)
				return err
			}}
			for _, w := range c.writes {
				if n, err := o.Write([]byte(w)); n != len(w) || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
			}
			if err := o.flush(); err != nil || rest.String() != c.want {
				t.Errorf("%.50q, want %.50q; %v", &rest, c.want, err)
			}
		})
	}
}
