package preview

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Options are what a foreseen preview is made with.
type Options struct {
	Args       []string // of pulumi, the command among them
	Config     string   // file of the configuration of our pack; empty for none
	NoStandIns bool
	Foreseen   bool   // list the foreseen values
	Report     string // folder for reports on the run; empty for none
}

// ReportVariable is the environment variable by which a pack is told the folder for reports on its run.
const ReportVariable = "DYNAMOGUARD_REPORT_DIR"

// The flags of dynamoguard preview that are not the CLI's.
const (
	ownConfig     = "dynamoguard-config"
	ownNoStandIns = "no-stand-ins"
	ownForeseen   = "foreseen"
	ownReport     = "report"
)

// ParseOptions takes our own flags out of the arguments of dynamoguard preview. help is true where they ask for help.
func ParseOptions(words []string) (o Options, help bool, err error) {
	a := parse(words)
	for _, f := range a.flags {
		switch f.name {
		case "help":
			help = true
		case ownConfig:
			if f.value == "" {
				return o, false, fmt.Errorf("--%s needs a file", ownConfig)
			}
			o.Config = f.value
		case ownReport:
			if f.value == "" {
				return o, false, fmt.Errorf("--%s needs a folder", ownReport)
			}
			o.Report = f.value
		case ownNoStandIns, ownForeseen:
			on, err := strconv.ParseBool(f.value)
			if err != nil {
				return o, false, fmt.Errorf("--%s is a switch, and %q is neither true nor false", f.name, f.value)
			}
			if f.name == ownNoStandIns {
				o.NoStandIns = on
			} else {
				o.Foreseen = on
			}
		}
	}
	o.Args = append([]string{"preview"}, a.without(ownConfig, ownNoStandIns, ownForeseen, ownReport)...)
	return o, help, nil
}

// Previews tells whether arguments of pulumi are those of a preview, and not of its help.
func Previews(words []string) bool {
	a := parse(words)
	return len(a.commands) > 0 && (a.commands[0] == "preview" || a.commands[0] == "pre") && len(a.all("help")) == 0
}

// refuse returns why a preview with these arguments cannot be foreseen.
func refuse(a arguments, getenv func(string) string) error {
	if a.on("remote", getenv) {
		return errors.New("--remote runs the preview on another machine, where nothing leads the engine to a forwarder")
	}
	if a.last("save-plan", getenv) != "" {
		return errors.New("--save-plan would write foreseen values into the plan, and an update that is held to it would fail: " +
			"save one with pulumi preview")
	}
	return nil
}

// packs returns the flags that add our pack, whose configuration is in a file or empty. The CLI pairs packs and configurations
// in their order, and wants as many of one as of the other once there is a configuration; empty is the path of an empty file,
// which is none.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/operations/up.go, validatePolicyPackConfig, and
// https://github.com/pulumi/pulumi/blob/master/pkg/engine/update.go, MakeLocalPolicyPacks
func packs(a arguments, getenv func(string) string, ours, config, empty string, isOurs func(string) bool) ([]string, error) {
	given, configs := a.list("policy-pack", getenv), a.list("policy-pack-config", getenv)
	if len(configs) > 0 && len(configs) != len(given) {
		return nil, fmt.Errorf("--policy-pack-config is given for %d policy packs and --policy-pack names %d; "+
			"the configuration of this pack goes to --%s", len(configs), len(given), ownConfig)
	}
	for _, pack := range given {
		if isOurs(pack) {
			if config != "" {
				return nil, fmt.Errorf("--policy-pack %s is this pack itself, so its configuration goes to --policy-pack-config, "+
					"not to --%s", pack, ownConfig)
			}
			return nil, nil
		}
	}
	flags := []string{"--policy-pack=" + listed(ours)}
	if len(configs) == 0 && config == "" {
		return flags, nil
	}
	if len(configs) == 0 {
		for range given {
			flags = append(flags, "--policy-pack-config="+listed(empty))
		}
	}
	if config == "" {
		config = empty
	}
	return append(flags, "--policy-pack-config="+listed(config)), nil
}

// same returns a test whether a path, as of a folder, is that of a file.
func same(file string, at func(string) string) func(string) bool {
	ours, err := os.Stat(file)
	return func(path string) bool {
		info, statErr := os.Stat(at(path))
		return err == nil && statErr == nil && os.SameFile(ours, info)
	}
}

// unforwarded returns what leads the engine to an AWS provider of the user's own, past the forwarder: each is a sentence.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/workspace/plugins.go, getPluginInfoAndPath, and
// https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/provider_plugin.go, GetProviderAttachPort
func unforwarded(getenv func(string) string, self string) []string {
	var notes []string
	debugged := getenv("PULUMI_DEBUG_PROVIDERS")
	ignored, _ := strconv.ParseBool(getenv("PULUMI_IGNORE_AMBIENT_PLUGINS"))
	for _, name := range []string{"aws", "aws-native"} {
		for _, provider := range strings.Split(debugged, ",") {
			if strings.HasPrefix(provider, name+":") {
				notes = append(notes, "nothing is foreseen of "+name+": PULUMI_DEBUG_PROVIDERS attaches a provider")
			}
		}
		if program := "pulumi-resource-" + name; !ignored {
			if path, ok := lookPath(program, getenv("PATH"), self); ok {
				notes = append(notes, "nothing is foreseen of "+name+": the engine takes "+path+", which is on PATH; "+
					"PULUMI_IGNORE_AMBIENT_PLUGINS=true makes it take its own")
			}
		}
	}
	return notes
}
