package preview

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
)

// TestKept: both streams come out in the order in which they came in, whether or not they fit into memory.
func TestKept(t *testing.T) {
	for _, most := range []int{1 << 20, 10, 0} {
		folder := t.TempDir()
		k := &kept{most: most, folder: folder}
		var all, out bytes.Buffer
		first := k.stream(&all)
		second := k.stream(&labelled{&all, "! "})
		third := k.stream(&out)
		for i := range 4 {
			_, _ = fmt.Fprintf(first, "a%d ", i)
			_, _ = fmt.Fprintf(first, "b%d ", i)
			_, _ = fmt.Fprintf(second, "c%d ", i)
			_, _ = fmt.Fprintf(third, "d%d ", i)
		}
		if err := k.release(); err != nil {
			t.Errorf("%d bytes in memory: %v", most, err)
		}
		const want = "a0 b0 ! c0 a1 b1 ! c1 a2 b2 ! c2 a3 b3 ! c3 "
		if all.String() != want || out.String() != "d0 d1 d2 d3 " {
			t.Errorf("%d bytes in memory: %q and %q", most, all.String(), out.String())
		}
		k.drop()
		if left, err := os.ReadDir(folder); len(left) > 0 || err != nil {
			t.Errorf("%d bytes in memory: left behind: %v, %v", most, left, err)
		}
	}
}

// TestKeptReader: one stream that nobody reads does not keep the other.
func TestKeptReader(t *testing.T) {
	k := &kept{most: 1 << 20}
	var out bytes.Buffer
	closed := errors.New("closed")
	b := &broken{closed}
	for range 2 {
		_, _ = fmt.Fprint(k.stream(b), "lost ")
		_, _ = fmt.Fprint(k.stream(&out), "shown ")
	}
	if err := k.release(); !errors.Is(err, closed) || out.String() != "shown shown " {
		t.Errorf("%q, %v", out.String(), err)
	}
}

type labelled struct {
	to    *bytes.Buffer
	label string
}

func (l *labelled) Write(p []byte) (int, error) {
	l.to.WriteString(l.label)
	return l.to.Write(p)
}

type broken struct{ err error }

func (b *broken) Write([]byte) (int, error) { return 0, b.err }
