package compile_test

import (
	"fmt"
	"testing"

	"dynamoguard/internal/compile"
)

func TestNamed(t *testing.T) {
	got, err := compile.Named("linux/amd64,darwin/arm64")
	if want := []compile.Platform{{OS: "linux", Arch: "amd64"}, {OS: "darwin", Arch: "arm64"}}; err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, names := range []string{"", "linux", "linux/amd64,", "plan9/amd64", "linux/amd64 darwin/arm64"} {
		if got, err := compile.Named(names); err == nil {
			t.Errorf("%q is %v", names, got)
		}
	}
}
