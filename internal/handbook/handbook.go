// Package handbook says of each policy what people read of it: its page in Markdown, and the same as data for machines and for the
// terminal. All of it comes from the policies themselves.
package handbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// An Entry is what there is to say of a policy.
type Entry struct {
	Name       string      `json:"name"`
	Title      string      `json:"title"` // holds where the policy passes
	Severity   string      `json:"severity"`
	Level      string      `json:"level"` // where the configuration says nothing
	Reports    string      `json:"reports"`
	Why        string      `json:"why"`
	Silent     []Silence   `json:"silent"`
	WhatToDo   string      `json:"whatToDo"`
	Mends      string      `json:"mends,omitempty"` // what it changes at level remediate
	Background string      `json:"background"`      // the page of the service that it rests on
	Criteria   []Criterion `json:"criteria"`
	NoCriteria string      `json:"noCriteria,omitempty"` // why it is evidence for none
	Violates   string      `json:"violates"`             // inputs of a resource, in YAML
	Passes     string      `json:"passes"`
	Reads      []Read      `json:"reads"`
	Settings   []Setting   `json:"settings"`
}

// A Silence is something that the policy does not report, and why.
type Silence struct {
	Of  string `json:"of"`
	Why string `json:"why"`
}

// A Criterion is one that the policy is evidence for: of SOC 2, or of a standard beside it, which has no summary here.
type Criterion struct {
	Framework string `json:"framework"`
	ID        string `json:"id"`
	Summary   string `json:"summary,omitempty"`
	Basis     string `json:"basis"` // who maps it: see soc2.JoinBasis
}

// A Read is a type of resources with the properties that are read of it.
type Read struct {
	Type       string     `json:"type"`
	Properties []Property `json:"properties"`
}

// A Property is one by its path. Since is the version of the provider that it came with, 0 for one that has always been there.
type Property struct {
	Path  string `json:"path"`
	Since int    `json:"since,omitempty"`
}

// A Setting is a property of the policy's configuration, by its path: index.source, accounts[].stacks.
type Setting struct {
	Path    string `json:"path"`
	Type    string `json:"type"`
	Default any    `json:"default,omitempty"`
	Meaning string `json:"meaning"`
}

// Of returns what there is to say of a policy. The settings that every policy has stand with those of the pack.
func Of(p *policy.Policy) Entry {
	e := Entry{
		Name: p.Name, Title: p.Title, Severity: p.Severity.String(), Level: p.Level.String(),
		Reports: p.Description(), Why: p.Why, WhatToDo: p.Remediation, Mends: p.Mending(), Background: p.URL,
		NoCriteria: p.NoCriteria,
		Violates:   strings.TrimSpace(p.Before), Passes: strings.TrimSpace(p.After),
		Silent: []Silence{}, Criteria: []Criterion{}, Reads: []Read{}, Settings: []Setting{},
	}
	for _, s := range p.Silent {
		e.Silent = append(e.Silent, Silence{Of: s[0], Why: s[1]})
	}
	for _, id := range p.Criteria {
		c, _ := soc2.Lookup(id)
		e.Criteria = append(e.Criteria, Criterion{soc2.Framework, string(id), c.Summary, soc2.JoinBasis(soc2.Basis(p.Name, id))})
	}
	for _, s := range soc2.Standards {
		for _, r := range soc2.Crosswalk(p.Name) {
			if r.Standard == s.Standard {
				e.Criteria = append(e.Criteria, Criterion{Framework: s.Name, ID: r.ID, Basis: soc2.JoinBasis(r.Basis)})
			}
		}
	}
	var reads map[string][]string
	if p.Reads != nil {
		reads = p.Reads()
	}
	for _, typ := range slices.Sorted(maps.Keys(reads)) {
		read := Read{Type: typ}
		for _, path := range reads[typ] {
			read.Properties = append(read.Properties, Property{path, facts.Since(typ, path)})
		}
		if read.Properties != nil {
			e.Reads = append(e.Reads, read)
		}
	}
	schema := p.Schema()
	if p.Name != policy.PackPolicy {
		delete(schema, "exemptions")
		delete(schema, "unknown")
	}
	e.addSettings("", schema)
	return e
}

// addSettings adds the properties of a schema, each before those within it.
func (e *Entry) addSettings(above string, schema map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		s := schema[name].(map[string]any)
		e.Settings = append(e.Settings, Setting{above + name, s["type"].(string), s["default"], s["description"].(string)})
		if members, ok := s["properties"].(map[string]any); ok {
			e.addSettings(above+name+".", members)
		}
		if items, ok := s["items"].(map[string]any); ok && items["properties"] != nil {
			e.addSettings(above+name+"[].", items["properties"].(map[string]any))
		}
	}
}

// SOC2 are the SOC 2 criteria, as a message carries them: "CC6.1, CC6.3"; "none" where there are none.
func (e *Entry) SOC2() string {
	var ids []soc2.ID
	for _, c := range e.Criteria {
		if c.Framework == soc2.Framework {
			ids = append(ids, soc2.ID(c.ID))
		}
	}
	if ids == nil {
		return "none"
	}
	return soc2.Join(ids)
}

// Table lists policies in Markdown. link returns where a policy's page is; it may be nil.
func Table(policies []*policy.Policy, link func(name string) string) string {
	var b strings.Builder
	b.WriteString("| Policy | Severity | Default | SOC 2 | Holds where |\n|---|---|---|---|---|\n")
	for _, p := range policies {
		e, name := Of(p), p.Name
		if link != nil {
			name = fmt.Sprintf("[%s](%s)", p.Name, link(p.Name))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, e.Severity, e.Level, e.SOC2(), e.Title)
	}
	return b.String()
}

// Markdown is the policy's page. violates and passes are its examples with all that is to be said of them, in Markdown.
func (e *Entry) Markdown(violates, passes string) string {
	var b strings.Builder
	section := func(title, text string) { fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, strings.TrimSpace(text)) }
	fmt.Fprintf(&b, "# %s\n\n%s.\n\nSeverity %s, %s by default. SOC 2: %s.\n", e.Name, e.Title, e.Severity, e.Level, e.SOC2())
	section("What it finds", e.Reports)
	section("Why", e.Why+" [Background]("+e.Background+").")
	section("What violates it", violates)
	section("What does not", passes)
	whatToDo := e.WhatToDo
	if e.Mends != "" {
		whatToDo += "\n\nAt level remediate: " + e.Mends
	}
	section("What to do", whatToDo)
	section("False alarms considered", "The policy is silent about:\n\n"+e.silences())
	section("Configuration", e.configuration())
	if len(e.Reads) > 0 {
		section("What it reads", e.reads())
	}
	section("Criteria", e.criteria())
	return b.String()
}

// Fenced is an example in a block of code.
func Fenced(language, code string) string {
	return "```" + language + "\n" + strings.TrimSpace(code) + "\n```\n"
}

func (e *Entry) silences() string {
	var b strings.Builder
	for _, s := range e.Silent {
		fmt.Fprintf(&b, "- **%s.** %s\n", s.Of, s.Why)
	}
	return b.String()
}

func (e *Entry) configuration() string {
	other := policy.Mandatory
	switch {
	case e.Name == policy.PackPolicy:
		other = policy.Disabled // notices stop nothing
	case e.Level == other.String():
		other = policy.Advisory
	}
	level, err := json.Marshal(map[string]string{e.Name: other.String()})
	if err != nil {
		panic(err) // strings can be written
	}
	text := fmt.Sprintf("The level is %s where nothing is configured; `%s` makes it %s.", e.Level, level, other)
	if e.Name != policy.PackPolicy {
		text += " Every policy has the settings `exemptions` and `unknown`, which [dynamoguard](dynamoguard.md) describes."
	}
	var b strings.Builder
	for _, s := range e.Settings {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Path, s.Type, s.defaultValue(), s.Meaning)
	}
	return text + "\n\n| Setting | Type | Default | Meaning |\n|---|---|---|---|\n" + b.String()
}

// defaultValue is the default as a cell of a table: what is within another setting has none of its own.
func (s Setting) defaultValue() string {
	switch {
	case s.Default != nil:
		return fmt.Sprintf("`%v`", s.Default)
	case strings.Contains(s.Path, "."):
		return ""
	default:
		return "none"
	}
}

func (e *Entry) reads() string {
	var b strings.Builder
	b.WriteString("| Resource | Properties |\n|---|---|\n")
	for _, r := range e.Reads {
		parts := make([]string, len(r.Properties))
		for i, p := range r.Properties {
			parts[i] = "`" + p.Path + "`"
			if p.Since > 0 {
				parts[i] += fmt.Sprintf(" (since version %d of the provider)", p.Since)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.Type, strings.Join(parts, ", "))
	}
	return b.String()
}

// Beside are the criteria of the standards beside SOC 2, by the name of each, in order.
func (e *Entry) Beside() (standards []string, ids map[string][]string) {
	ids = map[string][]string{}
	for _, c := range e.Criteria {
		if c.Framework == soc2.Framework {
			continue
		}
		if ids[c.Framework] == nil {
			standards = append(standards, c.Framework)
		}
		ids[c.Framework] = append(ids[c.Framework], c.ID)
	}
	return standards, ids
}

func (e *Entry) criteria() string {
	if len(e.Criteria) == 0 {
		return "It is evidence for no criterion: " + e.NoCriteria + "."
	}
	var b strings.Builder
	b.WriteString("| Framework | Criteria | |\n|---|---|---|\n")
	for _, c := range e.Criteria {
		if c.Framework == soc2.Framework {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Framework, c.ID, c.Summary)
		}
	}
	standards, ids := e.Beside()
	for _, s := range standards {
		fmt.Fprintf(&b, "| %s | %s | |\n", s, strings.Join(ids[s], ", "))
	}
	return b.String() + "\nWhat each rests on is in [soc2.md](../soc2.md#" + e.Name + ").\n"
}
