package policies

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// TableNamePattern asks that a table's name says whose it is. What tells environments apart are stacks and their names,
// not suffixes that nobody can predict: neither a grant nor a runbook can name such a table.
var TableNamePattern = &policy.Policy{
	Name:  "table-name-pattern",
	Title: "Table names say what they are for and carry no random suffix",
	Doc: `
		Reports a table whose name Pulumi made up of the logical name and a random suffix, and one whose name does not
		match the configured pattern. That Pulumi made a name up is known where the engine says so; where it does not, a
		name is taken for such a one if it is the logical name, a hyphen and seven hexadecimal digits. A name that
		autonaming makes of the logical name alone, or with the names of the stack, its project or organization behind
		it, is not random. One finding at the end of the stack names all its tables; where the level is mandatory, each is
		reported before it is created.`,
	Before: `
name: orders-1a2b3c4`,
	After: `
name: orders-dev`,
	Why: "People and policies tell tables by their names; a random suffix changes when the table is replaced, and with it every ARN that was written down.",
	Silent: [][2]string{
		{"Names that autonaming makes without a random suffix", "They say what the stack says."},
		{"A name with seven hexadecimal digits behind something else than the logical name", "It may be a commit or a date."},
		{"Any pattern of its own", "Where none is configured, only random suffixes are reported."},
	},
	Remediation: "Set the table's name from the stack, such as the logical name and the name of the stack.",
	URL:         "https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC8.1"},
	Config:      NamePatternConfig{},
	Settings: map[string]string{
		"pattern": `
			What names must look like, such as {project}-*-{environment}: {project}, {stack} and {environment} are those
			of the stack, * and ? wildcards; anything, where it is not set.`,
		"allowRandomSuffixes": `Whether Pulumi may make names up.`,
	},
	Reads:    facts.NameReads,
	Gathered: true,

	CheckResource: checkNamePattern,
}

// NamePatternConfig are the settings of TableNamePattern.
type NamePatternConfig struct {
	Pattern             string `json:"pattern" form:"table name"`
	AllowRandomSuffixes bool   `json:"allowRandomSuffixes"`
}

var randomSuffix = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-[0-9a-f]{7}$`) })

// predictable reports whether what follows a logical name is nothing, or is made of the names of the stack, as autonaming
// can be configured to.
//
// Source: https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming-configuration
func predictable(suffix string, names ...string) bool {
	if suffix == "" {
		return true
	}
	for {
		suffix = strings.TrimLeft(suffix, "-_.")
		if suffix == "" {
			return true
		}
		longest := 0
		for _, name := range names {
			if strings.HasPrefix(suffix, name) {
				longest = max(longest, len(name))
			}
		}
		if longest == 0 {
			return false
		}
		suffix = suffix[longest:]
	}
}

func checkNamePattern(p *policy.Pass) {
	name, ok := facts.TableName(p.Resource, &p.Log)
	if !ok {
		return
	}
	text, ok := name.Text()
	if !ok || text == "" {
		return
	}
	settings := policy.Settings[NamePatternConfig](p)
	urn := p.Resource.URN
	byPulumi, known := p.Seen.NamedByPulumi(urn)
	suffix, ok := strings.CutPrefix(text, urn.Name())
	switch {
	case !known:
		byPulumi = ok && randomSuffix().MatchString(suffix)
	case ok && byPulumi:
		byPulumi = !predictable(suffix, p.Stack.Organization, urn.Project(), urn.Stack())
	}
	if byPulumi && !settings.AllowRandomSuffixes {
		p.Report(policy.Finding{
			Path:   name.Path,
			Wrong:  fmt.Sprintf("%s %v has a random suffix, so nothing can name the table before it exists", name.Path, name.Value),
			Remedy: fmt.Sprintf("set %s, such as to %q, and keep environments apart by stacks", name.Path, urn.Name()+"-"+urn.Stack()),
			Group:  "random suffix",
		})
		return
	}
	if settings.Pattern == "" {
		return
	}
	environment := p.OwnEnvironment()
	if environment == "" && strings.Contains(settings.Pattern, "{environment}") {
		p.NotApplicable("the pattern asks for the environment, and the stack is of no one environment")
		return
	}
	pattern := strings.NewReplacer("{project}", urn.Project(), "{stack}", urn.Stack(), "{environment}", environment).
		Replace(settings.Pattern)
	if !glob.Match(pattern, text) {
		p.Report(policy.Finding{
			Path:   name.Path,
			Wrong:  fmt.Sprintf("%s %v does not match %q, here %q", name.Path, name.Value, settings.Pattern, pattern),
			Remedy: "give the table a name that does",
		})
	}
}
