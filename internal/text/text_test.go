package text_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"dynamoguard/internal/text"
)

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"plain", `orders-dev "1" \n`, `orders-dev "1" \n`},
		{"letters, marks and symbols", "bestellungen-größe 注文 e\u0301 🚀", "bestellungen-größe 注文 e\u0301 🚀"},
		{"ANSI", "\x1b[31mred\x1b[0m", `\u001b[31mred\u001b[0m`},
		{"the one-byte escape of ANSI", "\u009b31m", `\u009b31m`},
		{"line breaks", "a\r\nb\u2028c", `a\u000d\u000ab\u2028c`},
		{"tab, bell, backspace, delete", "\t\a\b\x7f", `\u0009\u0007\u0008\u007f`},
		{"another direction", "a\u202etxt", `a\u202etxt`},
		{"spaces that look like one", "a\u00a0b\u3000c", `a\u00a0b\u3000c`},
		{"nothing to see", "a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"beyond 16 bits", "\U000e0001", `\udb40\udc01`},
		{"no UTF-8", "a\xffb\xc3", `a\ufffdb\ufffd`},
	} {
		if got := text.Printable(c.text); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestPrintableJSON: the escapes do not change what JSON says.
func TestPrintableJSON(t *testing.T) {
	const want = "a\u009bb\u202e\U000e0001\x7f"
	encoded, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	printable := text.Printable(string(encoded))
	if err := json.Unmarshal([]byte(printable), &got); err != nil || got != want {
		t.Errorf("%s is %q, %v; want %q", printable, got, err, want)
	}
}

func TestShort(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"orders", "orders"},
		{strings.Repeat("é", 128), strings.Repeat("é", 128)},
		{"x" + strings.Repeat("é", 128), "x" + strings.Repeat("é", 127) + "..."},
	} {
		if got := text.Short(c.text); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestError(t *testing.T) {
	a, b := errors.New("a\nb"), errors.New("c")
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"one", a, `a\u000ab`},
		{"several", errors.Join(a, b), "a\\u000ab\nc"},
		{"several of several", errors.Join(errors.Join(a, b), b), "a\\u000ab\nc\nc"},
		{"several, wrapped", fmt.Errorf("of x: %w", errors.Join(a, b)), `of x: a\u000ab\u000ac`},
		{"several in one", fmt.Errorf("%w and %w", a, b), `a\u000ab and c`},
	} {
		if got := text.Error(c.err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
