package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"dynamoguard/internal/handbook"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

func policiesCommand(p program) *cobra.Command {
	var asJSON, asMarkdown bool
	command := &cobra.Command{
		Use:   "policies [POLICY]",
		Short: "List the policies, or explain one",
		Long: `List the policies with their severities, the levels where nothing is configured, and the SOC 2 criteria they are evidence for.
Of one policy, tell what it finds and why, what violates it and what does not, what it is silent about, its settings, what it reads
and its criteria: what its page in docs/policies tells.

  pulumi-analyzer-dynamoguard policies
  pulumi-analyzer-dynamoguard policies table-encryption
  pulumi-analyzer-dynamoguard policies --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			out := c.OutOrStdout()
			if len(args) == 0 {
				return p.listPolicies(out, asJSON, asMarkdown)
			}
			known := p.named(args[0])
			if known == nil {
				return p.noPolicy(args[0])
			}
			entry := handbook.Of(known)
			switch {
			case asJSON:
				return writeJSON(out, entry)
			case asMarkdown:
				_, err := io.WriteString(out, entry.Markdown(handbook.Fenced("yaml", entry.Violates), handbook.Fenced("yaml", entry.Passes)))
				return err
			default:
				w := &page{}
				w.policy(entry)
				return w.flush(out)
			}
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	command.Flags().BoolVar(&asMarkdown, "markdown", false, "write Markdown")
	command.MarkFlagsMutuallyExclusive("json", "markdown")
	return command
}

// listPolicies lists all of them.
func (p program) listPolicies(out io.Writer, asJSON, asMarkdown bool) error {
	var entries []handbook.Entry
	for _, known := range p.policies {
		entries = append(entries, handbook.Of(known))
	}
	switch {
	case asJSON:
		return writeJSON(out, entries)
	case asMarkdown:
		_, err := io.WriteString(out, handbook.Table(p.policies, nil))
		return err
	}
	names, criteria := len("POLICY"), len("SOC 2")
	for _, e := range entries {
		names, criteria = max(names, len(e.Name)), max(criteria, len(e.SOC2()))
	}
	w := &page{}
	row := func(name, severity, level, soc2, title string) {
		w.line(fmt.Sprintf("%-*s  %-8s  %-9s  %-*s  %s", names, name, severity, level, criteria, soc2, title))
	}
	row("POLICY", "SEVERITY", "DEFAULT", "SOC 2", "HOLDS WHERE")
	for _, e := range entries {
		row(e.Name, e.Severity, e.Level, e.SOC2(), e.Title)
	}
	return w.flush(out)
}

// noPolicy says that there is no policy of a name, and which one is meant.
func (p program) noPolicy(name string) error {
	var names []string
	for _, known := range p.policies {
		names = append(names, known.Name)
	}
	if nearest := text.Nearest(name, names, max(3, len(name)/3)); nearest != "" {
		return fmt.Errorf("there is no policy %q; did you mean %s?", name, nearest)
	}
	return fmt.Errorf("there is no policy %q; without a name, policies lists them", name)
}

func writeJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// policy explains a policy as its page does.
func (w *page) policy(e handbook.Entry) {
	w.line(e.Name + ": " + e.Title)
	w.section("The rule")
	w.field("  severity", e.Severity)
	w.field("  default", e.Level)
	w.field("  SOC 2", e.SOC2())
	w.section("What it finds")
	w.text(e.Reports)
	w.section("Why")
	w.text(e.Why)
	w.text(e.Background)
	w.section("What violates it")
	w.example(e.Violates)
	w.section("What does not")
	w.example(e.Passes)
	w.section("What to do")
	w.text(e.WhatToDo)
	if e.Mends != "" {
		w.text("At level remediate: " + e.Mends)
	}
	w.section("What it is silent about")
	for _, s := range e.Silent {
		w.item(s.Of, s.Why)
	}
	w.section("Settings")
	for _, s := range e.Settings {
		kind := s.Type
		if s.Default != nil {
			kind += fmt.Sprintf(", %v by default", s.Default)
		}
		w.item(s.Path+" ("+kind+")", s.Meaning)
	}
	if e.Name != policy.PackPolicy {
		w.item("exemptions, unknown", "Every policy has these: policies "+policy.PackPolicy+" explains them.")
	}
	if len(e.Reads) > 0 {
		w.section("What it reads")
	}
	for _, r := range e.Reads {
		var paths []string
		for _, p := range r.Properties {
			if p.Since > 0 {
				p.Path += fmt.Sprintf(" (since version %d of the provider)", p.Since)
			}
			paths = append(paths, p.Path)
		}
		w.item(r.Type, strings.Join(paths, ", "))
	}
	w.section("Criteria")
	if len(e.Criteria) == 0 {
		w.text("It is evidence for none: " + e.NoCriteria + ".")
	}
	for _, c := range e.Criteria {
		if c.Framework == soc2.Framework {
			w.item(c.Framework+" "+c.ID, c.Summary)
		}
	}
	standards, ids := e.Beside()
	for _, s := range standards {
		w.item(s, strings.Join(ids[s], ", "))
	}
}

// item writes a line within a section, and below it what there is to say of it.
func (w *page) item(head, said string) {
	w.text(head)
	for _, line := range wrap(said, width-6) {
		w.line("      " + line)
	}
}
