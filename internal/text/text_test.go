package text_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
		{"too many", errors.Join(slices.Repeat([]error{b}, 103)...), strings.Repeat("c\n", 100) + "and 3 more"},
		{"too long", errors.Join(b, errors.New(strings.Repeat("a", 1<<20))), "c\n" + text.Message(strings.Repeat("a", 1<<20))},
	} {
		if got := text.Error(c.err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestMessage: a message is cut at a character, escapes being of several bytes, and says what is missing.
func TestMessage(t *testing.T) {
	const most = text.MaxMessage
	for _, c := range []struct {
		name, text string
		kept       string // what is repeated before the cut
		missing    int    // of the bytes of the text, at most; 0 where nothing is cut
	}{
		{"short", "a", "a", 0},
		{"just right", strings.Repeat("a", most), "a", 0},
		{"too long", strings.Repeat("a", most+1), "a", 40},
		{"of wide characters", strings.Repeat("文", most/3+1), "文", 45},
		{"escaped, just right", strings.Repeat("\n", most/6), `\u000a`, 0},
		{"escaped, too long", strings.Repeat("\n", most), `\u000a`, most*5/6 + 10},
		{"of no UTF-8", strings.Repeat("\xff", most), `\ufffd`, most*5/6 + 10},
		{"very long", strings.Repeat("a", 1<<20), "a", 1<<20 - most + 40},
	} {
		got := text.Message(c.text)
		body, end, cut := strings.Cut(got, "… (")
		var missing int
		if cut {
			if n, err := fmt.Sscanf(end, "%d more bytes)", &missing); n != 1 || err != nil {
				t.Errorf("%s: it ends with %q", c.name, end)
			}
		}
		kept := len(body) / len(c.kept)
		each := len(c.text) / max(1, strings.Count(text.Printable(c.text), c.kept))
		if body != strings.Repeat(c.kept, kept) || len(got) > most || missing > c.missing || cut != (c.missing > 0) ||
			kept*each+missing != len(c.text) {
			t.Errorf("%s: %d of %q, and %d bytes missing: %d bytes in all", c.name, kept, c.kept, missing, len(got))
		}
	}
}
