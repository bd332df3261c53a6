package command

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// commit and committed, its time, are those that a release was made of: the linker sets them. A build in a clone has them from Go.
var commit, committed string

// protocol is the module that has the engine's protocol.
const protocol = "github.com/pulumi/pulumi/sdk/v3"

// about tells which pack this is and what it was compiled of, for a person who reports something. info is nil where Go does not know.
func about(version, commit, committed string, info *debug.BuildInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dynamoguard %s\n", version)
	changed := ""
	sdk := ""
	if info != nil {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && commit == "":
				commit = s.Value
			case s.Key == "vcs.time" && committed == "":
				committed = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = ", with changes"
			}
		}
		for _, m := range info.Deps {
			if m.Path == protocol {
				sdk = m.Version
			}
		}
	}
	if commit != "" {
		fmt.Fprintf(&b, "commit   %s of %s%s\n", commit, committed, changed)
	}
	fmt.Fprintf(&b, "compiled by %s for %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if sdk != "" {
		fmt.Fprintf(&b, "protocol of Pulumi's SDK %s\n", sdk)
	}
	return b.String()
}
