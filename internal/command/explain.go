package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/files"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/record"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

func explainCommand(p program) *cobra.Command {
	var stack, file, config string
	command := &cobra.Command{
		Use:   "explain [POLICY] [URN] [MESSAGE]",
		Short: "Explain a finding: what is wrong, where, by which rule, and what to write instead",
		Long: `Explain one finding of the last run on this machine, or of a state that pulumi stack export wrote, which is judged
for that. The finding is told by its policy, by the resource, given by URN or by name behind the policy, and by its message,
pasted or a part of it: as much of these as it takes to mean one. The exit code is 1 where none is meant, or several, which
are listed.

  pulumi-analyzer-dynamoguard explain table-encryption orders
  pulumi-analyzer-dynamoguard explain "serverSideEncryption is not set"
  pulumi-analyzer-dynamoguard explain --file state.json iam-unscoped-resource urn:pulumi:prod::shop::aws:iam/policy:Policy::app`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if config != "" && file == "" {
				return errors.New("--config is what a state is judged by, so it needs --file")
			}
			records, searched, err := p.records(c, stack, file, config)
			if err != nil {
				return err
			}
			return p.explain(c.OutOrStdout(), p.question(args), records, searched)
		},
	}
	command.Flags().StringVar(&stack, "stack", "", "stack whose last run is meant, as [[organization/]project/]stack; else the last run of all")
	command.Flags().StringVar(&file, "file", "", "exported state to judge, in place of a run")
	command.Flags().StringVar(&config, "config", "", "file of --policy-pack-config to judge the state by; else what holds by default")
	command.MarkFlagsMutuallyExclusive("stack", "file")
	return command
}

// mostState is more than the largest states have, in bytes.
const mostState = 1 << 30

// records are those to search, and what to call them.
func (p program) records(c *cobra.Command, stack, file, config string) (records []*record.Record, searched string, err error) {
	if file == "" {
		last, err := record.In(p.system.Cache).Last(stack)
		switch {
		case err != nil:
			return nil, "", fmt.Errorf("the records of runs: %w", err)
		case last == nil && stack != "":
			return nil, "", fmt.Errorf("no run of %s is recorded on this machine", stack)
		case last == nil:
			return nil, "", errors.New("no run is recorded on this machine")
		}
		return []*record.Record{last}, last.Describe(), nil
	}
	f, err := files.Open(c.Context(), file, mostState)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = f.Close() }()
	rules := engine.New(p.policies, p.now).In(world(c.Context(), p.system))
	var configured configurationFile
	if config != "" {
		if configured, err = readConfiguration(c.Context(), config, p.policies); err != nil {
			return nil, "", err
		}
	}
	if err := rules.Configure(configured.given); err != nil {
		return nil, "", err
	}
	if _, err := rules.JudgeState(f); err != nil {
		return nil, "", fmt.Errorf("%s: %w", file, err)
	}
	return record.Of(rules.Run(), p.version, p.now()), "state in " + file + ", judged now by " + cmp.Or(config, "the defaults"), nil
}

// A question is what tells a finding from others; what is empty tells nothing.
type question struct {
	policy   string
	resource string // a URN or a logical name
	message  string // or a part of it, squeezed; or a path
}

// question reads arguments: a policy, a resource and a message, each only if it is there.
func (p program) question(args []string) (q question) {
	if p.named(args[0]) != nil {
		q.policy, args = args[0], args[1:]
	}
	if len(args) > 0 && (q.policy != "" || strings.HasPrefix(args[0], "urn:pulumi:")) {
		q.resource, args = args[0], args[1:]
	}
	q.message = squeeze(strings.Join(args, " "))
	return q
}

// named returns a policy by its name, nil where there is none.
func (p program) named(name string) *policy.Policy {
	i := slices.IndexFunc(p.policies, func(p *policy.Policy) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return p.policies[i]
}

// squeeze leaves white space out: a message that is copied from a terminal has line breaks that it does not have.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// about reports whether a policy and a resource are those that were asked about.
func (q question) about(policy string, urn resource.URN) bool {
	return (q.policy == "" || q.policy == policy) && (q.resource == "" || q.resource == string(urn) || q.resource == urn.Name())
}

// matches reports whether a finding can be meant. A message may be pasted with what the CLI writes around it, without the remedy
// where several findings have it in common.
func (q question) matches(f record.Finding, sentence string) bool {
	if !q.about(f.Policy, f.URN) {
		return false
	}
	said, wrong := squeeze(text.Printable(sentence)), squeeze(text.Printable(f.Wrong))
	return q.message == squeeze(f.Path) || strings.Contains(said, q.message) || strings.Contains(q.message, wrong)
}

// explain answers a question from records. searched says what these are.
func (p program) explain(out io.Writer, q question, records []*record.Record, searched string) error {
	var found []record.Finding
	for _, r := range records {
		for _, f := range r.Findings {
			if q.matches(f, p.sentence(f)) && !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
	}
	w := &page{}
	switch {
	case len(found) == 0:
		for _, r := range records {
			for _, known := range r.Policies {
				if known.Name == q.policy && known.Level == policy.Disabled.String() {
					w.line(known.Name + " is disabled by configuration")
				}
			}
			for _, gap := range r.Gaps {
				if q.message == "" && q.about(gap.Policy, gap.URN) {
					w.gap(gap)
				}
			}
		}
	case len(found) == 1:
		w.finding(p.named(found[0].Policy), found[0])
		w.field("  found in", "the "+searched)
	default:
		w.choice(found)
	}
	if err := w.flush(out); err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("no finding matches; searched was the %s", searched)
	case 1:
		return nil
	default:
		return fmt.Errorf("%d findings match; name the policy, the resource and a part of the message or the path; searched was the %s", len(found), searched)
	}
}

// sentence is the message of a finding as the CLI shows it.
func (p program) sentence(f record.Finding) string {
	if known := p.named(f.Policy); known != nil {
		return known.Sentence(policy.Finding{Wrong: f.Wrong, Remedy: f.Remedy})
	}
	return f.Wrong + "; " + f.Remedy
}

// finding explains a finding. Of a policy that this version does not have, it tells what was recorded.
func (w *page) finding(p *policy.Policy, f record.Finding) {
	title := f.Policy
	if p != nil {
		title += ": " + p.Title
	}
	w.line(title)
	w.section("The finding")
	w.field("  resource", string(f.URN))
	w.field("  at", f.Path)
	w.field("  wrong", f.Wrong)
	w.field("  instead", f.Remedy)
	if f.Write != "" {
		w.field("  write", strings.Split(f.Write, "\n")...)
	}
	w.field("  enforced", enforced(p, f))
	w.field("  exemption", exemption(f))
	if f.Statement != "" {
		w.section("The statement")
		for _, line := range statementLines(f.Statement, resource.Path(f.Element)) {
			w.line("  " + line)
		}
	}
	w.proposal(f.Proposal)
	if p == nil {
		w.section("This version of dynamoguard has no such policy.")
		return
	}
	w.section("The rule")
	w.text(p.Doc)
	w.section("What to do")
	w.text(p.Remediation)
	if p.Mends != "" {
		w.text("At level remediate: " + p.Mending())
	}
	w.section("What violates it")
	w.example(p.Before)
	w.section("What does not")
	w.example(p.After)
	if len(p.Criteria) > 0 {
		w.section(soc2.Framework)
		for _, id := range p.Criteria {
			criterion, _ := soc2.Lookup(id)
			w.field("  "+string(id), criterion.Summary)
		}
	}
	w.section("More")
	w.field("  page", p.URL)
}

// proposal shows what could be written in place of the statement. References of the program stand in it, so it is no document yet.
func (w *page) proposal(p record.Proposal) {
	if p == (record.Proposal{}) {
		return
	}
	w.section("What could be written instead")
	fields := func(label, lines string) {
		if lines != "" {
			w.field(label, strings.Split(lines, "\n")...)
		}
	}
	if p.Statements != "" {
		for statement := range strings.SplitSeq(p.Statements, "\n") {
			for _, line := range statementLines(statement, "") {
				w.line("  " + line)
			}
		}
	}
	fields("  missing", p.Missing)
	fields("  not known", p.Awaited)
	fields("  named", p.Named)
	fields("  named by", p.Rests)
	if p.Redundant {
		w.field("  besides", "those allow all of it already, so that the statement can go as well")
	}
	fields("  where", p.Outputs)
	fields("  left out", p.LeftOut)
}

func (w *page) example(yaml string) {
	for line := range strings.Lines(strings.TrimSpace(yaml)) {
		w.line("  " + strings.TrimRight(line, "\n"))
	}
}

// enforced says what a finding does to a run, and why.
func enforced(p *policy.Policy, f record.Finding) string {
	level := f.Level + " by configuration"
	if p != nil && p.Level.String() == f.Level {
		level = f.Level + ", the policy's default"
	}
	switch {
	case f.Mended:
		return "no more: the inputs were changed to that, since the level is " + level
	case f.Level == policy.Remediate.String() && f.Write != "":
		level += ": an update writes that, and goes on"
	case f.Level == policy.Remediate.String():
		level += ": nothing exact can be written, so it stops the run as mandatory does"
	}
	switch {
	case f.Exempt:
		return "not, because of the exemption; else " + level
	case f.Limit != "" && f.StandIn:
		return f.Limit + ", because it rests on a stand-in for what AWS will make up; else " + level
	case f.Limit != "":
		return f.Limit + ", because something that it rests on is not certain; else " + level
	default:
		return level
	}
}

func exemption(f record.Finding) string {
	switch {
	case f.Exempt:
		return "it is exempt: " + f.Exemption
	case f.Exemption != "":
		return "it was exempt, and no longer is: " + f.Exemption
	default:
		return "none"
	}
}

// gap says what a policy could not judge, or why it did not judge.
func (w *page) gap(g record.Gap) {
	w.section(g.Policy + " of " + string(g.URN) + ": " + g.Outcome)
	if len(g.Unknown) > 0 {
		w.field("  not known", text.List(g.Unknown, ", "))
	}
	if len(g.Errors) > 0 {
		w.field("  failed", text.List(g.Errors, "; "))
	}
	if g.Reason != "" {
		w.field("  because", g.Reason)
	}
}

// choice lists findings of which one is meant.
func (w *page) choice(found []record.Finding) {
	const most = 50
	for i, f := range found {
		if i == most {
			w.section(fmt.Sprintf("and %d more", len(found)-most))
			return
		}
		w.section(f.Policy)
		w.field("  resource", string(f.URN))
		w.field("  at", f.Path)
		w.field("  wrong", f.Wrong)
	}
}
