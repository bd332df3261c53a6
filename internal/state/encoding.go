package state

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Unmarked returns a text without its byte-order mark, as UTF-8: what Windows PowerShell writes to a file is UTF-16.
//
// Source: https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.core/about/about_character_encoding
func Unmarked(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	mark, _ := b.Peek(3) // an error comes again
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = b.Discard(3)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")):
		_, _ = b.Discard(2)
		return &utf16Reader{r: b}
	}
	return b
}

// A utf16Reader reads UTF-16, the lower byte first, as UTF-8. Half a pair of surrogates is U+FFFD.
type utf16Reader struct {
	r    *bufio.Reader
	text []byte // that was not taken yet
	err  error  // that comes after it
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(u.text) == 0 && u.err == nil {
		u.fill()
	}
	n := copy(p, u.text)
	if u.text = u.text[n:]; len(u.text) > 0 {
		return n, nil
	}
	return n, u.err
}

func (u *utf16Reader) fill() {
	const window = 4 << 10
	u.text = make([]byte, 0, window)
	var unit [2]byte
	for len(u.text) < window-utf8.UTFMax {
		if _, u.err = io.ReadFull(u.r, unit[:]); u.err != nil {
			return
		}
		c := rune(binary.LittleEndian.Uint16(unit[:]))
		if utf16.IsSurrogate(c) {
			next, _ := u.r.Peek(2)
			if len(next) == 2 {
				if pair := utf16.DecodeRune(c, rune(binary.LittleEndian.Uint16(next))); pair != utf8.RuneError {
					c = pair
					_, _ = u.r.Discard(2)
				}
			}
		}
		u.text = utf8.AppendRune(u.text, c)
	}
}
