package command

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"dynamoguard/internal/index"
	"dynamoguard/internal/text"
	"dynamoguard/policies"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// testdata is the absolute path of that folder.
var testdata = func() string {
	path, err := filepath.Abs("testdata")
	if err != nil {
		panic(err)
	}
	return path
}()

// aProgram is the pack on a machine of its own, with some files in its home, which is also the folder that commands are called in,
// and some variables: NAME=value. Paths are relative to it, so that what is written does not depend on where it is.
func aProgram(t *testing.T, files map[string]string, variables ...string) program {
	t.Helper()
	folder := t.TempDir()
	t.Chdir(folder)
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.FromSlash(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.FromSlash(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	system := index.System()
	system.Home, system.Folder, system.Cache = folder, folder, filepath.Join(folder, "cache")
	system.Getenv = func(name string) string {
		for _, v := range variables {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return ""
	}
	return program{version: "1.2.3", policies: policies.All(), system: system, now: func() time.Time { return noon }}
}

// outcome calls a command and returns all that a person sees of it.
func (p program) outcome(ctx context.Context, command *cobra.Command, args ...string) string {
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(append([]string{}, args...)) // never nil, which stands for those of the process
	command.SilenceUsage, command.SilenceErrors = true, true
	if err := command.ExecuteContext(ctx); err != nil {
		out.WriteString("\nexit code 1: " + text.Error(err) + "\n")
	}
	return out.String()
}

// elsewhere is a text of any folder and time, as FOLDER and TIME, and so without the line breaks that depend on their length.
func (p program) elsewhere(text string) string {
	text = wrapped.ReplaceAllString(text, " ")
	text = strings.ReplaceAll(text, p.system.Folder, "FOLDER")
	return ofTime.ReplaceAllString(text, "of TIME")
}

var (
	wrapped = regexp.MustCompile(`\n {16}`)
	ofTime  = regexp.MustCompile(`of \d{4}-\d\d-\d\d \d\d:\d\d UTC`)
)

// compare holds a text to a file.
func compare(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join(testdata, file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
