package command

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestAbout: a release says what the linker was told, a build in a clone what Go wrote into it, and either by whom it was compiled.
func TestAbout(t *testing.T) {
	by := "compiled by " + runtime.Version() + " for " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	settings := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "beef"}, {Key: "vcs.time", Value: "2026-02-01T00:00:00Z"}, {Key: "vcs.modified", Value: modified}}
	}
	for _, c := range []struct {
		name, commit, committed string
		info                    *debug.BuildInfo
		want                    string
	}{
		{"nothing", "", "", nil, by},
		{"no version control", "", "", &debug.BuildInfo{Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.0.0"}}}, by},
		{"a release", "cafe", "2026-01-31T00:00:00Z", &debug.BuildInfo{Deps: []*debug.Module{{Path: "github.com/pulumi/pulumi/sdk/v3", Version: "v3.1.0"}}},
			"commit   cafe of 2026-01-31T00:00:00Z\n" + by + "protocol of Pulumi's SDK v3.1.0\n"},
		{"a clone", "", "", &debug.BuildInfo{Settings: settings("false")}, "commit   beef of 2026-02-01T00:00:00Z\n" + by},
		{"a clone that was changed", "", "", &debug.BuildInfo{Settings: settings("true")}, "commit   beef of 2026-02-01T00:00:00Z, with changes\n" + by},
	} {
		if got := about("1.2.3", c.commit, c.committed, c.info); got != "dynamoguard 1.2.3\n"+c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
