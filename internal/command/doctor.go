package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"dynamoguard/internal/index"
	"dynamoguard/internal/place"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/record"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

func doctorCommand(p program) *cobra.Command {
	var named index.Stack
	var config string
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Say what a run of a stack would know, what is missing, and why",
		Long: `Say what a run of the stack of the current folder would know: which configuration is in force, which account and
environment the stack has and how that is known, which tables of other stacks can be read, and what is missing and why. The
exit code is 1 where something would keep a mandatory policy from judging.

The stack is the one that is selected in the folder's project, unless it is named. The organization's configuration is not
known here; name the file of --policy-pack-config.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d := &doctor{program: p}
			if err := d.examine(c, named, config); err != nil {
				return err
			}
			return d.conclude(c)
		},
	}
	command.Flags().StringVar(&named.Name, "stack", "", "stack, as [[organization/]project/]stack; else the selected one")
	command.Flags().StringVar(&named.Organization, "organization", "", "organization of Pulumi Cloud")
	command.Flags().StringVar(&named.Project, "project", "", "project; else that of Pulumi.yaml")
	command.Flags().StringVar(&config, "config", "", "file of --policy-pack-config; else what holds by default")
	return command
}

// A doctor writes down what it finds out, and what keeps a mandatory policy from judging.
type doctor struct {
	program
	page     page
	config   *policy.Configuration
	problems []string
	checked  bool // the configuration, and nothing else
}

// The policies that judge by what a run has to find out around its stack.
var (
	byOtherStacks = []string{"table-name-collision", "iam-cross-environment-grant", "iam-dangling-table"}
	byEnvironment = []string{"iam-cross-environment-grant"}
)

// missing notes that something is not known that policies judge by.
func (d *doctor) missing(what string, names []string) {
	var kept []string
	for _, name := range names {
		if p := d.named(name); p != nil && d.config.Of(p).Level >= policy.Mandatory {
			kept = append(kept, name)
		}
	}
	if len(kept) > 0 {
		d.problems = append(d.problems, what+": "+strings.Join(kept, ", "))
	}
}

func (d *doctor) examine(c *cobra.Command, named index.Stack, config string) error {
	var remarks []string
	var err error
	if d.config, _, remarks, err = inForce(c.Context(), config, d.policies); err != nil {
		return err
	}
	d.configuration(config, remarks)
	stack, err := d.stack(c.Context(), named)
	if err != nil && config != "" && named == (index.Stack{}) {
		d.page.section("The stack")
		d.page.field("  not known", err.Error(), "So nothing but the configuration was looked at.") // a file can be checked anywhere
		d.checked = true
		return nil
	}
	if err != nil {
		return err
	}
	l := index.Load(c.Context(), indexSettings(d.config.Pack().Index), d.system, stack.Organization)
	defer l.Close()
	d.place(stack, policy.Outside{Others: l, AWS: world(c.Context(), d.system).AWS})
	d.others(stack, l)
	d.lastRun(stack)
	return nil
}

// stack says which stack it is about.
func (d *doctor) stack(ctx context.Context, named index.Stack) (index.Stack, error) {
	selected, err := index.Selected(ctx, d.system)
	if err != nil {
		return index.Stack{}, err
	}
	stack, from, projectFrom := selected.Stack, selected.From, selected.Project
	if named.Name != "" {
		parts := strings.Split(named.Name, "/")
		stack.Name, from, stack.Organization = parts[len(parts)-1], "--stack", ""
		if len(parts) > 1 {
			stack.Project, projectFrom = parts[len(parts)-2], "--stack"
		}
		if len(parts) > 2 {
			stack.Organization = parts[len(parts)-3]
		}
	}
	if named.Project != "" {
		stack.Project, projectFrom = named.Project, "--project"
	}
	stack.Organization = cmp.Or(named.Organization, stack.Organization)
	switch {
	case stack.Project == "":
		return stack, fmt.Errorf("no project is named: neither by --project nor by a Pulumi.yaml in %s or above", d.system.Folder)
	case stack.Name == "":
		return stack, fmt.Errorf("no stack of %s is selected; name one with --stack", stack.Project)
	}
	d.page.section("The stack")
	d.page.field("  project", stack.Project+", by "+projectFrom)
	d.page.field("  stack", stack.Name+", by "+from)
	switch stack.Organization {
	case "":
		d.page.field("  organization", "not known; only Pulumi Cloud has one, and --organization names it")
	case tables.NoOrganization:
		d.page.field("  organization", "none, since the backend is not Pulumi Cloud")
	default:
		d.page.field("  organization", stack.Organization)
	}
	return stack, nil
}

// configuration says which configuration is in force.
func (d *doctor) configuration(path string, remarks []string) {
	d.page.section("The configuration")
	from := "the defaults of dynamoguard " + d.version + "; a policy group or --policy-pack-config may say otherwise"
	if path != "" {
		from = path
	}
	d.page.field("  from", from)
	d.page.field("  hash", d.config.Hash())
	for _, level := range []policy.Level{policy.Remediate, policy.Mandatory, policy.Advisory, policy.Disabled} {
		var names []string
		for _, p := range d.policies {
			if d.config.Of(p).Level == level {
				names = append(names, p.Name)
			}
		}
		if level == policy.Remediate && names == nil {
			continue // few ask for it
		}
		d.page.field("  "+level.String(), cmp.Or(strings.Join(names, ", "), "none"))
	}
	if len(remarks) > 0 {
		d.page.field("  but", remarks...)
	}
}

// place says which account and environment a stack has. The account is that of a provider that says nothing itself.
func (d *doctor) place(stack index.Stack, outside policy.Outside) {
	d.page.section("Where it is")
	settings := d.config.Pack()
	urn := func(typ, name string) resource.URN {
		return resource.URN("urn:pulumi:" + stack.Name + "::" + stack.Project + "::" + typ + "::" + name)
	}
	provider := &resource.Provider{
		URN: urn("pulumi:providers:aws", "default"), Type: "pulumi:providers:aws", Properties: resource.ObjectValue(nil),
	}
	account := place.Account(&resource.Resource{URN: urn("aws:dynamodb/table:Table", ""), Provider: provider}, place.Around{
		AWS: outside.AWS, Own: func() []tables.Entry { return outside.Others.Own(stack.Project, stack.Name) },
		Configured: settings.AccountOf(stack.Organization, stack.Project, stack.Name),
	})
	if account.Known != "" {
		d.page.field("  account", account.Known+", by "+account.From)
	} else {
		d.page.field("  account", "not known: "+account.From,
			"A collision of table names is advisory at most then; dynamoguard.accounts can name the account.")
	}
	d.page.field("", "What a provider says itself, which only a run shows, comes first.")
	switch environment := settings.EnvironmentOf(stack.Organization, stack.Project, stack.Name); environment {
	case "":
		d.page.field("  environment", "not known: neither dynamoguard.environments nor a word of the stack's name tells")
		d.missing("the environment of the stack is not known", byEnvironment)
	case policy.DefaultPackSettings().EnvironmentOf(stack.Organization, stack.Project, stack.Name):
		d.page.field("  environment", environment+", by the name of the stack")
	default:
		d.page.field("  environment", environment+", by the configuration")
	}
}

// others says which tables of other stacks a run would compare with, having waited for them as long as a run would.
func (d *doctor) others(stack index.Stack, l *index.Loading) {
	d.page.section("Tables of other stacks")
	owner := tables.Owner{Backend: l.Backend(), Organization: stack.Organization, Project: stack.Project, Stack: stack.Name}
	own, found, stacks := 0, 0, map[string]bool{}
	for e := range l.Matching("*", func(tables.Entry) bool { return true }) {
		found++
		stacks[e.FullOwner()] = true
		if owner.Owns(e) {
			own++
		}
	}
	var unread []string
	for _, u := range l.Unread() {
		unread = append(unread, u.Reason)
	}
	for _, source := range l.Sources() {
		lines := []string{source.Name}
		if !source.At.IsZero() {
			lines[0] += ", of " + tables.ShowTime(source.At)
			lines = append(lines, fmt.Sprintf("%s of %s", text.Count(source.Tables, "table", "tables"), text.Count(source.Stacks, "stack", "stacks")))
		}
		if source.Problem != "" && !slices.Contains(unread, source.Problem) {
			lines = append(lines, "but: "+source.Problem)
		}
		d.page.field("  from", lines...)
	}
	d.page.field("  read", fmt.Sprintf("%s of %s, %d of them this stack's own",
		text.Count(found, "table", "tables"), text.Count(len(stacks), "stack", "stacks"), own))
	d.page.field("  not read", unread...)
	if len(unread) > 0 {
		d.missing("not all tables of other stacks can be read", byOtherStacks)
	}
}

// lastRun says what is recorded of the last run of the stack.
func (d *doctor) lastRun(stack index.Stack) {
	d.page.section("The last run")
	last, err := record.In(d.system.Cache).Last(stack.Project + "/" + stack.Name)
	switch {
	case err != nil:
		d.page.field("  recorded", "not known: "+err.Error())
		return
	case last == nil:
		d.page.field("  recorded", "none on this machine")
		return
	}
	d.page.field("  recorded", last.Describe())
	outcomes := map[string]int{}
	for _, p := range last.Policies {
		for outcome, n := range p.Outcomes {
			outcomes[outcome] += n
		}
	}
	var counts []string
	for _, o := range []policy.Outcome{policy.Passed, policy.Failed, policy.Exempt, policy.Unknown, policy.Errored, policy.NotApplicable} {
		if n := outcomes[o.String()]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, o))
		}
	}
	d.page.field("  judgements", strings.Join(counts, ", "))
	d.page.field("  notices", last.Notices...)
}

// conclude writes the page, and fails where something is missing.
func (d *doctor) conclude(c *cobra.Command) error {
	if d.checked {
		return d.page.flush(c.OutOrStdout())
	}
	d.page.section("All in all")
	if len(d.problems) == 0 {
		d.page.text("Nothing keeps a mandatory policy from judging.")
		return d.page.flush(c.OutOrStdout())
	}
	for _, problem := range d.problems {
		d.page.field("  missing", problem)
	}
	if err := d.page.flush(c.OutOrStdout()); err != nil {
		return err
	}
	return errors.New("a mandatory policy cannot judge, or not all")
}
