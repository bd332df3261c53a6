package preview

import (
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
)

// arguments are those of a command line of pulumi, taken apart as far as that can be done without knowing all of its flags. The
// words themselves go to the CLI as they are.
type arguments struct {
	words    []string
	commands []string // words that are neither a flag nor the value of one
	flags    []flag
	end      int  // of the flags: where "--" is
	lacking  bool // the value of the last flag, for which a word behind it would be taken
}

// A flag is one that was found, by its long name where that is known.
type flag struct {
	name     string
	value    string // "true" where a switch has none
	from, to int    // its words
}

// valued are the flags of pulumi preview, and of pulumi itself, whose value may be the next word. A flag that is not here is a
// switch, or has its value in its own word.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/operations/preview.go and pulumi.go beside it
var valued = strings.Fields(`client coherence-window color config config-file cwd event-log exclude exec-agent exec-kind
	import-file memprofilerate message otel-traces output override-env parallel policy-pack policy-pack-config profiling
	remote-agent-pool-id remote-env remote-env-secret remote-executor-image remote-executor-image-password remote-executor-image-username
	remote-git-auth-access-token remote-git-auth-password remote-git-auth-ssh-private-key remote-git-auth-ssh-private-key-path
	remote-git-auth-username remote-git-branch remote-git-commit remote-git-repo-dir remote-pre-run-command replace save-plan stack
	target target-replace tracing tracing-header verbose ` + ownConfig + " " + ownReport)

// short are the letters of flags, the same way. One that is not here is a switch.
var short = map[byte]string{
	'C': "cwd", 'c': "config", 'h': "help", 'j': "json", 'm': "message", 'p': "parallel", 's': "stack", 't': "target",
	'v': "verbose", 'x': "exclude",
}

// parse takes a command line apart as pflag does.
//
// Source: https://pkg.go.dev/github.com/spf13/pflag#readme-command-line-flag-syntax
func parse(words []string) arguments {
	a := arguments{words: words, end: len(words)}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			a.end = i
			a.commands = append(a.commands, words[i+1:]...)
			return a
		case strings.HasPrefix(word, "--"):
			i = a.long(i)
		case strings.HasPrefix(word, "-") && word != "-":
			i = a.letters(i)
		default:
			a.commands = append(a.commands, word)
		}
	}
	return a
}

// long notes the flag of a word, and returns where its last word is.
func (a *arguments) long(i int) int {
	name, value, given := strings.Cut(a.words[i][len("--"):], "=")
	return a.note(name, value, given, i)
}

func (a *arguments) note(name, value string, given bool, i int) int {
	f := flag{name: name, value: value, from: i, to: i + 1}
	if !given {
		if f.value = "true"; slices.Contains(valued, name) {
			f.value = ""
			a.lacking = i+1 == len(a.words)
			if !a.lacking {
				f.value, f.to = a.words[i+1], i+2
			}
		}
	}
	a.flags = append(a.flags, f)
	return f.to - 1
}

// letters notes the flags of a word of letters: switches, and last perhaps one with a value.
func (a *arguments) letters(i int) int {
	letters := a.words[i][1:]
	for n := range len(letters) {
		name, known := short[letters[n]]
		if !known {
			name = letters[n : n+1]
		}
		rest := letters[n+1:]
		value, equals := strings.CutPrefix(rest, "=")
		switch {
		case equals, rest != "" && slices.Contains(valued, name):
			return a.note(name, value, true, i)
		case rest == "":
			return a.note(name, "", false, i)
		}
		a.note(name, "true", true, i)
	}
	return i
}

// all returns the values of a flag, in order.
func (a arguments) all(name string) []string {
	var values []string
	for _, f := range a.flags {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// last returns the value of a flag that counts. What the command line does not say an environment variable may.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/pulumi.go, declareFlagsAsEnvironmentVariables
func (a arguments) last(name string, getenv func(string) string) string {
	if values := a.all(name); len(values) > 0 {
		return values[len(values)-1]
	}
	return getenv(option(name))
}

func option(name string) string {
	return "PULUMI_OPTION_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// on tells whether a switch is on. A value that is none is the CLI's to refuse.
func (a arguments) on(name string, getenv func(string) string) bool {
	value := a.last(name, getenv)
	on, err := strconv.ParseBool(value)
	return on || err != nil && value != ""
}

// list returns the values of a flag that takes several, separated by commas or by being there several times. Those of the
// environment variable come first.
func (a arguments) list(name string, getenv func(string) string) []string {
	var values []string
	for _, value := range append([]string{getenv(option(name))}, a.all(name)...) {
		if value == "" {
			continue
		}
		record, err := csv.NewReader(strings.NewReader(value)).Read()
		if err != nil {
			record = []string{value}
		}
		values = append(values, record...)
	}
	return values
}

// listed writes a value as one of a flag that takes several: a path may hold a comma.
func listed(value string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{value})
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// with returns the words with other flags at their end.
func (a arguments) with(flags ...string) []string {
	return slices.Insert(slices.Clone(a.words), a.end, flags...)
}

// without returns the words without some flags, which have words of their own.
func (a arguments) without(names ...string) []string {
	var words []string
	from := 0
	for _, f := range a.flags {
		if slices.Contains(names, f.name) {
			words = append(words, a.words[from:f.from]...)
			from = f.to
		}
	}
	return append(words, a.words[from:]...)
}
