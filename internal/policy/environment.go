package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A StackEnvironment is the environment that stacks belong to.
type StackEnvironment struct {
	Stacks      string `json:"stacks" required:"" form:"stacks"`
	Environment string `json:"environment" required:"" form:"environment"`
}

// EnvironmentOf returns the environment of a stack: the configured one, else the one that its name says, else, where its name
// says nothing, the default one; empty where there is none. A name that says two, or that it is another one (non-prod,
// preprod), says something, and nobody can tell what, so the default does not hold for it.
func (s PackSettings) EnvironmentOf(organization, project, stack string) string {
	for _, e := range s.Environments {
		if matchesStack(e.Stacks, organization, project, stack) {
			return environmentNamed(e.Environment)
		}
	}
	switch said := environmentsSaid(stack); {
	case len(said) == 0:
		return environmentNamed(s.DefaultEnvironment)
	case len(said) == 1:
		return said[0]
	default:
		return ""
	}
}

// OwnEnvironment is the environment of the stack that a resource belongs to.
func (p *Pass) OwnEnvironment() string {
	urn := p.Resource.URN
	return p.Config.EnvironmentOf(p.Stack.Organization, urn.Project(), urn.Stack())
}

// EnvironmentsIn returns the environments of the stacks that the configuration puts into an account, one for each of its accounts
// entries; one that cannot be told is empty. The stacks of a pattern are those of its environments entry, else of what its name says
// before a wildcard.
func (s PackSettings) EnvironmentsIn(account string) (list []string) {
	for _, a := range s.Accounts {
		if a.Account == account {
			list = append(list, s.environmentOfAll(a.Stacks))
		}
	}
	return list
}

// environmentOfAll is the environment of all stacks that a pattern matches, empty where they may be of several.
func (s PackSettings) environmentOfAll(pattern string) string {
	for _, e := range s.Environments {
		if covers(e.Stacks, pattern) {
			return environmentNamed(e.Environment)
		}
	}
	stack := pattern[strings.LastIndexByte(pattern, '/')+1:]
	wild := strings.IndexAny(stack, "*?")
	if wild < 0 {
		return s.EnvironmentOf("", "", stack)
	}
	if said := environmentsSaid(stack[:wild]); len(said) == 1 {
		return said[0]
	}
	return ""
}

// environmentWords are the words that name an environment.
var environmentWords = map[string]string{
	"dev": "dev", "develop": "dev", "development": "dev",
	"test":    "test",
	"qa":      "qa",
	"uat":     "uat",
	"sandbox": "sandbox",
	"preview": "preview",
	"stg":     "staging", "stage": "staging", "staging": "staging",
	"prd": "prod", "prod": "prod", "production": "prod", live: "prod",
}

// live names prod as shop-live, live-eu and live2 do. Before another word it may as well be a part of that: live-demo.
const live = "live"

// notEnvironments are the words that make the environment they stand before another one, which nobody can tell: non-prod
// may be any.
var notEnvironments = []string{"non", "no", "not", "pre", "post"}

// environmentNamed is a configured environment by the word that names of stacks say it with: case and blanks do not count, and
// production is prod. One that no word names is one of its own, also prod-eu beside prod-us.
func environmentNamed(name string) string {
	name = strings.ToLower(strings.Join(strings.Fields(name), ""))
	if e := environmentWords[name]; e != "" {
		return e
	}
	return name
}

var separators = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^A-Za-z0-9]+`) })

// environmentsSaid returns the environments that the words of a name say, each once, and an empty one alone where it is said
// to be another.
func environmentsSaid(name string) (said []string) {
	words := separators().Split(strings.ToLower(name), -1)
	for i, word := range words {
		e := environmentSaid(word)
		for _, not := range notEnvironments {
			rest, glued := strings.CutPrefix(word, not)
			if glued && environmentSaid(rest) != "" || e != "" && i > 0 && words[i-1] == not {
				return []string{""}
			}
		}
		if word == live && i+1 < len(words) && environmentSaid(words[i+1]) == "" && !whereWord().MatchString(words[i+1]) {
			continue
		}
		if e != "" && !slices.Contains(said, e) {
			said = append(said, e)
		}
	}
	return said
}

// environmentSaid is the environment that a word names, alone or with digits or a region glued to it: prod1, euprod,
// stguseast1. It is empty where it names none.
func environmentSaid(word string) string {
	m := environmentWord().FindStringSubmatch(word)
	if m == nil {
		return ""
	}
	return environmentWords[m[1]]
}

// What says where, in the names of stacks: an area and a direction, the region us-east-1 in one word, whole or by its letters
// (useast1, use1). Of the areas alone only those are glued that make no other word of an environment, as il does of dev.
//
// Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
const (
	area      = `(?:us|eu|ap|sa|ca|me|af|il|mx|cn|uk|gov)`
	direction = `(?:north|south|east|west|central|northeast|northwest|southeast|southwest)`
	region    = `(?:us|usgov|eu|ap|sa|ca|me|af|il|mx|cn)(?:` + direction + `|n|s|e|w|c|ne|nw|se|sw)[0-9]+`
	glued     = `[0-9]*(?:us|eu|ap|` + region + `)?[0-9]*`
)

var (
	whereWord = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:[0-9]+|` + area + `|` + direction + `|` + region + `)$`)
	})
	environmentWord = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + glued + `(` + strings.Join(slices.Sorted(maps.Keys(environmentWords)), "|") + `)` + glued + `$`)
	})
)
