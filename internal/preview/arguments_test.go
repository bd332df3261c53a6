package preview

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// variables returns a function like os.Getenv.
func variables(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// TestParse: a word is a flag, the value of one, or neither, as the CLI takes it.
func TestParse(t *testing.T) {
	type values map[string][]string
	for _, c := range []struct {
		name     string
		words    []string
		commands []string
		flags    values
	}{
		{"nothing", nil, nil, nil},
		{"switches", []string{"preview", "--json", "--diff=false", "-y"}, []string{"preview"},
			values{"json": {"true"}, "diff": {"false"}, "y": {"true"}}},
		{"values", []string{"-C", "app", "preview", "--stack", "dev", "--policy-pack=a", "--policy-pack", "b"}, []string{"preview"},
			values{"cwd": {"app"}, "stack": {"dev"}, "policy-pack": {"a", "b"}}},
		{"a value that looks like a flag", []string{"preview", "--message", "--remote", "-m", "--json"}, []string{"preview"},
			values{"message": {"--remote", "--json"}}},
		{"a value that looks like the command", []string{"--cwd", "preview", "up"}, []string{"up"}, values{"cwd": {"preview"}}},
		{"letters", []string{"-jsdev", "-dj=false", "-p4", "-p", "8", "-s=test", "-fe"}, nil,
			values{"json": {"true", "false"}, "stack": {"dev", "test"}, "d": {"true"}, "parallel": {"4", "8"}, "f": {"true"}, "e": {"true"}}},
		{"optional values", []string{"--refresh", "preview", "-r", "--attach-debugger", "--suppress-permalink", "x"}, []string{"preview", "x"},
			values{"refresh": {"true"}, "r": {"true"}, "attach-debugger": {"true"}, "suppress-permalink": {"true"}}},
		{"the end of flags", []string{"--json", "--", "preview", "--remote"}, []string{"preview", "--remote"}, values{"json": {"true"}}},
		{"a dash", []string{"preview", "-"}, []string{"preview", "-"}, nil},
		{"an unknown flag", []string{"--of-another-version", "preview"}, []string{"preview"}, values{"of-another-version": {"true"}}},
		{"a value that is missing", []string{"--stack"}, nil, values{"stack": {""}}},
	} {
		a := parse(c.words)
		got := values{}
		for _, f := range a.flags {
			got[f.name] = append(got[f.name], f.value)
		}
		if c.flags == nil {
			c.flags = values{}
		}
		if diff := cmp.Diff(c.flags, got); diff != "" {
			t.Errorf("%s: flags (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.commands, a.commands); diff != "" {
			t.Errorf("%s: commands (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestParseOptions takes out our own flags and nothing else.
func TestParseOptions(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  Options
		help  bool
		wrong string
	}{
		{nil, Options{Args: []string{"preview"}}, false, ""},
		{[]string{"-s", "dev", "--dynamoguard-config", "a.json", "--new", "x", "--no-stand-ins", "--foreseen=true", "--", "--foreseen"},
			Options{Args: []string{"preview", "-s", "dev", "--new", "x", "--", "--foreseen"}, Config: "a.json", NoStandIns: true, Foreseen: true}, false, ""},
		{[]string{"--message", "--foreseen", "--no-stand-ins=false", "--dynamoguard-config=a"},
			Options{Args: []string{"preview", "--message", "--foreseen"}, Config: "a"}, false, ""},
		{[]string{"--report", "reports", "-s", "dev"}, Options{Args: []string{"preview", "-s", "dev"}, Report: "reports"}, false, ""},
		{[]string{"--report="}, Options{}, false, "--report needs a folder"},
		{[]string{"--help"}, Options{Args: []string{"preview", "--help"}}, true, ""},
		{[]string{"-dh"}, Options{Args: []string{"preview", "-dh"}}, true, ""},
		{[]string{"--dynamoguard-config"}, Options{}, false, "--dynamoguard-config needs a file"},
		{[]string{"--foreseen=all"}, Options{}, false, `--foreseen is a switch, and "all" is neither true nor false`},
	} {
		got, help, err := ParseOptions(c.words)
		if diff := cmp.Diff(c.want, got); c.wrong == "" && diff != "" || help != c.help {
			t.Errorf("%q: help %v (-want +got):\n%s", c.words, help, diff)
		}
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || err.Error() != c.wrong) {
			t.Errorf("%q: %v, want %q", c.words, err, c.wrong)
		}
	}
}

// TestPreviews: the shim foresees previews, and nothing else.
func TestPreviews(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  bool
	}{
		{[]string{"preview"}, true},
		{[]string{"pre", "--json"}, true},
		{[]string{"-C", "app", "--non-interactive", "preview", "--client=127.0.0.1:1", "--exec-kind", "auto.inline", "--stack", "dev"}, true},
		{[]string{"preview", "--message", "--help"}, true},
		{[]string{"preview", "--help"}, false},
		{[]string{"preview", "-h"}, false},
		{[]string{"up", "--stack", "preview"}, false},
		{[]string{"--cwd", "preview", "stack", "ls"}, false},
		{[]string{"help", "preview"}, false},
		{[]string{"version"}, false},
		{nil, false},
	} {
		if got := Previews(c.words); got != c.want {
			t.Errorf("%q: %v", c.words, got)
		}
	}
}

func TestRefuse(t *testing.T) {
	const remote = "--remote runs the preview on another machine, where nothing leads the engine to a forwarder"
	const plan = "--save-plan would write foreseen values into the plan, and an update that is held to it would fail: save one with pulumi preview"
	for _, c := range []struct {
		words     []string
		variables map[string]string
		want      string
	}{
		{nil, nil, ""},
		{[]string{"--remote"}, nil, remote},
		{[]string{"--remote=yes"}, nil, remote},
		{[]string{"--remote=false"}, map[string]string{"PULUMI_OPTION_REMOTE": "true"}, ""},
		{nil, map[string]string{"PULUMI_OPTION_REMOTE": "1"}, remote},
		{[]string{"--message=--remote", "-m", "--save-plan"}, nil, ""},
		{[]string{"--save-plan", "plan.json"}, nil, plan},
		{nil, map[string]string{"PULUMI_OPTION_SAVE_PLAN": "plan.json"}, plan},
	} {
		err := refuse(parse(c.words), variables(c.variables))
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%q, %v: %v, want %q", c.words, c.variables, err, c.want)
		}
	}
}

// TestPacks: there are as many configurations as packs, or none, and each is that of its pack.
func TestPacks(t *testing.T) {
	const ours, empty = "/tmp/a,b/ours", "/tmp/a,b/empty"
	const pack, none = `--policy-pack="/tmp/a,b/ours"`, `--policy-pack-config="/tmp/a,b/empty"`
	for _, c := range []struct {
		name      string
		words     []string
		variables map[string]string
		config    string
		want      []string
		wrong     string
	}{
		{name: "ours alone", want: []string{pack}},
		{name: "ours, configured", config: "/c.json", want: []string{pack, "--policy-pack-config=/c.json"}},
		{name: "another", words: []string{"--policy-pack", "x"}, want: []string{pack}},
		{name: "another, ours configured", words: []string{"--policy-pack", "x"}, config: "/c.json",
			want: []string{pack, none, "--policy-pack-config=/c.json"}},
		{name: "others in one flag", words: []string{"--policy-pack=x,y"}, config: "/c.json",
			want: []string{pack, none, none, "--policy-pack-config=/c.json"}},
		{name: "another by the environment", words: []string{"--policy-pack=x"}, variables: map[string]string{"PULUMI_OPTION_POLICY_PACK": "y"},
			config: "/c.json", want: []string{pack, none, none, "--policy-pack-config=/c.json"}},
		{name: "another, configured", words: []string{"--policy-pack", "x", "--policy-pack-config", "x.json"}, want: []string{pack, none}},
		{name: "both configured", words: []string{"--policy-pack", "x", "--policy-pack-config", "x.json"}, config: "/c.json",
			want: []string{pack, "--policy-pack-config=/c.json"}},
		{name: "too few configurations", words: []string{"--policy-pack=x,y", "--policy-pack-config", "x.json"},
			wrong: "--policy-pack-config is given for 1 policy packs and --policy-pack names 2; the configuration of this pack goes to --dynamoguard-config"},
		{name: "a configuration of no pack", words: []string{"--policy-pack-config", "x.json"},
			wrong: "--policy-pack-config is given for 1 policy packs and --policy-pack names 0; the configuration of this pack goes to --dynamoguard-config"},
		{name: "ours is there", words: []string{"--policy-pack", "x,self", "--policy-pack-config", "x.json,c.json"}},
		{name: "ours is there, configured twice", words: []string{"--policy-pack", "self"}, config: "/c.json",
			wrong: "--policy-pack self is this pack itself, so its configuration goes to --policy-pack-config, not to --dynamoguard-config"},
	} {
		got, err := packs(parse(c.words), variables(c.variables), ours, c.config, empty, func(path string) bool { return path == "self" })
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || err.Error() != c.wrong) {
			t.Errorf("%s: %v, want %q", c.name, err, c.wrong)
		}
	}
}

// TestWith: flags go before the end of flags, and are taken out with their values.
func TestWith(t *testing.T) {
	for _, c := range []struct{ words, without, with []string }{
		{nil, nil, []string{"--x"}},
		{[]string{"preview", "a"}, []string{"preview", "a"}, []string{"preview", "a", "--x"}},
		{[]string{"preview", "--event-log", "a", "--json", "--event-log=b", "--", "--event-log"},
			[]string{"preview", "--json", "--", "--event-log"}, []string{"preview", "--event-log", "a", "--json", "--event-log=b", "--x", "--", "--event-log"}},
	} {
		a := parse(c.words)
		if diff := cmp.Diff(c.with, a.with("--x")); diff != "" {
			t.Errorf("%q with a flag (-want +got):\n%s", c.words, diff)
		}
		if diff := cmp.Diff(c.without, a.without("event-log")); diff != "" {
			t.Errorf("%q without a flag (-want +got):\n%s", c.words, diff)
		}
	}
}
