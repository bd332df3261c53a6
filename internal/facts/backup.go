package facts

import (
	"cmp"
	"slices"
	"strings"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/partition"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// The types of AWS Backup.
const (
	BackupSelection       = "aws:backup/selection:Selection"
	BackupPlan            = "aws:backup/plan:Plan"
	BackupVault           = "aws:backup/vault:Vault"
	BackupVaultLock       = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
	NativeBackupSelection = "aws-native:backup:BackupSelection"
	NativeBackupPlan      = "aws-native:backup:BackupPlan"
	NativeBackupVault     = "aws-native:backup:BackupVault"
)

// selections are the types that assign resources to a backup plan, and where they say which. Each of operators is a list of
// conditions: in order equal, like, not equal, not like.
var selections = map[string]struct {
	plan, region, resources, notResources, tags, conditions, key, value string

	operators [4]string
}{
	BackupSelection: {
		"planId", "region", "resources", "notResources", "selectionTags", "conditions[]", "key", "value",
		[4]string{"stringEquals", "stringLikes", "stringNotEquals", "stringNotLikes"},
	},
	NativeBackupSelection: {
		"backupPlanId", "", "backupSelection.resources", "backupSelection.notResources", "backupSelection.listOfTags",
		"backupSelection.conditions", "conditionKey", "conditionValue",
		[4]string{"stringEquals", "stringLike", "stringNotEquals", "stringNotLike"},
	},
}

// plans are the types of backup plans: their rules, the vault of each, and the ARN that ends in the id.
var plans = map[string]struct{ rules, vault, arn string }{
	BackupPlan:       {"rules", "targetVaultName", "arn"},
	NativeBackupPlan: {"backupPlan.backupPlanRule", "targetBackupVault", "backupPlanArn"},
}

// planARNs are the ARNs of plans, by type.
var planARNs = map[string]string{BackupPlan: plans[BackupPlan].arn, NativeBackupPlan: plans[NativeBackupPlan].arn}

// vaults are the types that declare backup vaults or lock them: the vault's name, and what is set where it is locked.
var vaults = map[string]struct{ name, lock string }{
	BackupVault:       {name: "name"},
	BackupVaultLock:   {name: "backupVaultName", lock: "backupVaultName"},
	NativeBackupVault: {name: "backupVaultName", lock: "lockConfiguration"},
}

// BackupReads returns the types that say which tables AWS Backup backs up and where to, and the patterns of the properties by which
// they do.
func BackupReads() map[string][]string {
	reads := map[string][]string{Table: {"arn"}} // by which the others name it
	tables := TableReads()
	for typ, tags := range AllTagReads() {
		if typ != TableReplica {
			addReads(reads, typ, append(tags, tables[typ]...)...)
		}
	}
	add := func(typ string, patterns ...string) {
		for _, pattern := range patterns {
			addReads(reads, typ, resource.Patterns(pattern)...)
		}
	}
	for typ, s := range selections {
		add(typ, s.plan, s.resources, s.notResources, s.tags+"[]."+s.key, s.tags+"[]."+s.value)
		if s.region != "" {
			add(typ, s.region)
		}
		for _, operator := range s.operators {
			add(typ, s.conditions+"."+operator+"[]."+s.key, s.conditions+"."+operator+"[]."+s.value)
		}
	}
	for typ, s := range plans {
		add(typ, s.arn, s.rules+"[]."+s.vault)
	}
	for typ, s := range vaults {
		add(typ, s.name)
		if s.lock != "" {
			add(typ, s.lock)
		}
	}
	return reads
}

// ReplicaBackupReads is BackupReads of what is a replica of another resource's table.
func ReplicaBackupReads() map[string][]string {
	return map[string][]string{TableReplica: append(AllTagReads()[TableReplica], TableReads()[TableReplica]...)}
}

// A Certainty is whether something is so. The lesser of two is that of both together, the greater that of either.
type Certainty uint8

const (
	No    Certainty = iota
	Maybe           // it follows from what is not known yet
	Yes
)

func certain(yes bool) Certainty {
	if yes {
		return Yes
	}
	return No
}

func (c Certainty) not() Certainty { return Yes - c }

// Backups are what a stack says of backups by AWS Backup.
type Backups struct {
	Selections []*Selection
	// Problems are what stands in the way of reading the selections.
	Problems []Problem

	graph  *Graph
	around func(resource.URN) place.Around
	locked map[string]bool // the vaults that the stack declares or locks, by name, and whether they are locked
	// unknown are the places that may lock other vaults and are not known yet.
	unknown []Place
}

// A Selection assigns resources to a backup plan.
//
// Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html: tags are joined by or, conditions by and,
// and where nothing is said all is selected; https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources-json.html:
// resources and conditions are joined by and; https://repost.aws/knowledge-center/backup-assign-resources: resources and tags by or.
type Selection struct {
	URN  resource.URN
	Plan *resource.Resource // nil where the stack does not declare it

	where       tables.Identity // without a name
	chosen, out arnList
	tags        []tagTest // of which one must hold
	conditions  []tagTest // which must all hold
	unknown     []Place

	runs, locks Certainty // of its plan
	awaited     []Place   // what is not known of that
}

// Backups works out what the stack says of backups. around is what a resource takes from around it.
func (g *Graph) Backups(around func(resource.URN) place.Around) Backups {
	b := Backups{graph: g, around: around, locked: map[string]bool{}}
	for _, r := range g.Resources {
		if _, ok := selections[r.Type]; ok {
			var log resource.Log
			b.Selections = append(b.Selections, g.selection(r, around(r.URN), &log))
			for _, message := range log.Mistyped {
				b.Problems = append(b.Problems, Problem{r.URN, message})
			}
		}
		if v, ok := vaults[r.Type]; ok {
			var log resource.Log
			lock := v.lock != "" && !r.Property(v.lock, &log).Unset()
			name, ok := r.Property(v.name, &log).Text()
			switch {
			case ok && name != "":
				b.locked[name] = b.locked[name] || lock
			case lock:
				b.unknown = append(b.unknown, Place{r.URN, resource.Path(v.name)})
			}
		}
	}
	for _, s := range b.Selections {
		s.runs, s.locks, s.awaited = b.plan(s.Plan)
	}
	return b
}

func (g *Graph) selection(r *resource.Resource, around place.Around, log *resource.Log) *Selection {
	shape := selections[r.Type]
	s := &Selection{URN: r.URN, Plan: g.byID(r, shape.plan, planARNs, new(resource.Log))}
	s.where.Account = place.Account(r, around)
	var own resource.Value
	if shape.region != "" {
		own = r.Property(shape.region, log).Value
	}
	s.where.Region = place.Region(r, own, s.where.Account, around)
	s.chosen, s.out = g.arns(r, shape.resources, log), g.arns(r, shape.notResources, log)
	tests := func(pattern string, like, not bool) (list []tagTest) {
		for _, p := range r.All(pattern, log) {
			if !p.Known() {
				list = append(list, tagTest{unknown: true})
				continue
			}
			key, named := p.Get(shape.key).Text()
			value, valued := p.Get(shape.value).Text()
			list = append(list, tagTest{strings.TrimPrefix(key, "aws:ResourceTag/"), value, like, not, !named || !valued})
		}
		return list
	}
	s.tags = tests(shape.tags+"[]", false, false)
	for i, operator := range shape.operators {
		s.conditions = append(s.conditions, tests(shape.conditions+"."+operator+"[]", i%2 == 1, i > 1)...)
	}
	for _, path := range log.Unknown {
		s.unknown = append(s.unknown, Place{r.URN, path})
	}
	return s
}

// byID returns the resource that a property names by its id, nil where the stack does not declare it. arns are the properties that end
// in the id, by type. What is not known yet is found by what the property depends on.
func (g *Graph) byID(r *resource.Resource, property string, arns map[string]string, log *resource.Log) *resource.Resource {
	var depended []*resource.Resource
	for _, urn := range r.PropertyDependencies[property] {
		if c := g.byURN[urn]; c != nil && arns[c.Type] != "" {
			depended = append(depended, c)
		}
	}
	if len(depended) == 1 {
		return depended[0]
	}
	id, ok := r.Property(property, log).Text()
	if !ok || id == "" {
		return nil
	}
	for _, c := range g.Resources {
		if arns[c.Type] == "" {
			continue
		}
		arn, _ := c.Property(arns[c.Type], new(resource.Log)).Text()
		if before, ok := strings.CutSuffix(arn, id); ok && (before == "" || strings.ContainsAny(before[len(before)-1:], ":/")) {
			return c
		}
	}
	return nil
}

// An arnList is a list of ARNs in which * is a wildcard.
type arnList struct {
	set      bool
	patterns []string
	declared map[resource.URN]bool // the tables that are meant by elements that are not known
	unknown  bool                  // there may be others
}

func (g *Graph) arns(r *resource.Resource, property string, log *resource.Log) arnList {
	list := arnList{declared: map[resource.URN]bool{}}
	missing := 0
	for _, p := range r.All(property+"[]", log) {
		list.set = true
		if text, ok := p.Text(); ok {
			list.patterns = append(list.patterns, text)
		} else {
			missing++
		}
	}
	if missing == 0 {
		return list
	}
	targets, _ := g.Resolve(r, Reference{property, KindTable}, new(resource.Log))
	for _, t := range targets {
		if t.Text == "" && t.Declared != nil {
			list.declared[t.Declared.URN] = true
		}
	}
	list.unknown = len(list.declared) < missing
	return list
}

// has reports whether the list has a table, one of whose copies is meant. What is not known of where a table is may be anything.
func (l arnList) has(t *backedUp) Certainty {
	matches := func(pattern string) bool {
		return slices.ContainsFunc(t.copies, func(i tables.Identity) bool { return mayName(pattern, i) })
	}
	switch {
	case l.declared[t.urn] || slices.ContainsFunc(l.patterns, matches):
		return Yes
	case l.unknown:
		return Maybe
	default:
		return No
	}
}

// A tagTest is what a selection asks of the value of a tag.
type tagTest struct {
	key, value string
	like, not  bool
	unknown    bool
}

func (t tagTest) holds(tags TagSet) Certainty {
	if t.unknown {
		return Maybe
	}
	tag, ok := tags.Get(t.key)
	value, _ := tag.Value.Text()
	is := No
	switch {
	case !ok && !tags.Complete, ok && !tag.Known():
		return Maybe
	case ok && t.like:
		is = certain(glob.Match(t.value, value))
	case ok:
		is = certain(t.value == value)
	}
	if t.not {
		return is.not()
	}
	return is
}

// absent reports whether it asks for one value of a tag that is not there.
func (t tagTest) absent(tags TagSet) bool {
	_, ok := tags.Get(t.key)
	return !ok && !t.unknown && !t.like && !t.not
}

// A backedUp is a table, or a copy with tags of its own, of which it is asked whether it is backed up.
type backedUp struct {
	urn    resource.URN
	copies []tables.Identity // that the selection can reach
	tags   TagSet
}

// A Gap is what keeps a table from being backed up, the furthest from that first.
type Gap uint8

const (
	NotSelected Gap = iota
	Untagged        // one tag is missing
	LeftOut         // by notResources
	NoRules         // in the plan
	NotLocked       // any of the plan's vaults
	NoGap
)

// A Backup is what the stack says of the backups of a table.
type Backup struct {
	Is  Certainty
	Gap Gap
	// By is the selection that comes the closest, nil where it is NotSelected. Tag is the one that is missing, as key=value. Near are the
	// selections in the table's account and region.
	By   *Selection
	Tag  string
	Near []*Selection
	// Unknown are the places that decide where Is is Maybe.
	Unknown []Place
}

// Of returns what the stack says of the backups of a table, into a locked vault where that is asked for. A table is backed up where a
// copy of it is: all have the same items. A plan, and a vault, that the stack does not declare is taken to be as it should.
func (b Backups) Of(table *resource.Resource, locked bool) Backup {
	var log resource.Log
	sets := AllTags(table, &log)
	if len(sets) == 0 {
		sets = []TagSet{{}} // of copies that are not known
	}
	copies := b.copies(table, &log)
	var best Backup
	var near []*Selection
	var unknown []Place
	for _, s := range b.Selections {
		reached := false
		for _, set := range sets {
			t := &backedUp{urn: table.URN, tags: set}
			for _, c := range copies {
				account, region := c.Compare(s.where)
				others := set.Region != "" && c.Region.Known != "" && set.Region != c.Region.Known
				if min(account, region) != tables.Different && !others {
					t.copies = append(t.copies, c)
				}
			}
			if len(t.copies) == 0 {
				continue // AWS Backup works in its own account and region
			}
			reached = true
			of := b.by(s, t, locked)
			unknown = append(unknown, of.Unknown...)
			if of.Is > best.Is || of.Is == best.Is && of.Gap > best.Gap {
				best = of
			}
		}
		if reached {
			near = append(near, s)
		}
	}
	for _, path := range log.Unknown {
		unknown = append(unknown, Place{table.URN, path})
	}
	best.Near, best.Unknown = near, unknown
	return best
}

// copies are the identities of the copies of a table; one without a name, where that is not known.
func (b Backups) copies(table *resource.Resource, log *resource.Log) (list []tables.Identity) {
	f, around := b.graph.Facts(table), b.around(table.URN)
	for _, c := range f.TableClaims(around, log) {
		list = append(list, c.Identity)
	}
	if table.Type == TableReplica {
		if of, ok := f.ReplicatedTable(log); ok {
			list = append(list, of)
		}
	}
	if len(list) == 0 {
		list = append(list, tables.Identity{Account: f.Account(around)})
	}
	return list
}

// mayName reports whether a pattern matches the ARN of a table. What is not known of that is as the pattern has it.
func mayName(pattern string, i tables.Identity) bool {
	// Both end the ARN. That rules out most at once: there may be as many patterns as tables.
	if end := pattern[strings.LastIndexAny(pattern, "*?")+1:]; !strings.HasSuffix(i.Name, end) && !strings.HasSuffix(end, i.Name) {
		return false
	}
	arn := []string{"arn", partition.Of(i.Region.Known), "dynamodb", i.Region.Known, i.Account.Known, "table/" + i.Name}
	if i.Name == "" {
		arn[5] = ""
	}
	parts := strings.SplitN(pattern, ":", len(arn))
	for n := range min(len(arn), len(parts)) {
		arn[n] = cmp.Or(arn[n], parts[n])
	}
	return glob.Match(pattern, strings.Join(arn, ":"))
}

// by is what one selection says of a table that it can reach.
func (b Backups) by(s *Selection, t *backedUp, locked bool) Backup {
	in := max(certain(!s.chosen.set && len(s.tags) == 0), s.chosen.has(t))
	for _, test := range s.tags {
		in = max(in, test.holds(t.tags))
	}
	var asked []tagTest // what it would take to select the table
	if in == No {
		asked = append(asked, s.tags[:min(1, len(s.tags))]...)
	}
	conditions := Yes
	for _, test := range s.conditions {
		holds := test.holds(t.tags)
		conditions = min(conditions, holds)
		if holds == No {
			asked = append(asked, test)
		}
	}
	out := s.out.has(t)
	backup := Backup{By: s}
	switch is := min(in, conditions); {
	case is == No && out == No && len(asked) == 1 && (in != No || conditions != No) && asked[0].absent(t.tags):
		backup.Gap, backup.Tag = Untagged, asked[0].key+"="+asked[0].value
	case is == No:
		backup.By = nil
	case out == Yes:
		backup.Gap = LeftOut
	case s.runs == No:
		backup.Gap = NoRules
	case locked && s.locks == No:
		backup.Gap = NotLocked
	default:
		backup.Is, backup.Gap = min(is, out.not(), s.runs), NoGap
		if locked {
			backup.Is = min(backup.Is, s.locks)
		}
		backup.Unknown = slices.Concat(s.awaited, s.unknown)
	}
	return backup
}

// plan returns whether a plan has rules, and whether one of them keeps backups in a locked vault, with what is not known of that.
func (b Backups) plan(plan *resource.Resource) (runs, locks Certainty, unknown []Place) {
	if plan == nil {
		return Yes, Yes, nil
	}
	shape := plans[plan.Type]
	var log resource.Log
	rules := plan.All(shape.rules+"[]", &log)
	for _, rule := range rules {
		runs = max(runs, Yes)
		if !rule.Known() {
			runs = Maybe // all of them
		}
		name, ok := rule.Get(shape.vault).Text()
		locked, declared := b.locked[name]
		switch {
		case ok && (locked || !declared):
			locks = Yes
		case !ok || len(b.unknown) > 0:
			locks = max(locks, Maybe)
		}
	}
	unknown = slices.Clone(b.unknown)
	for _, path := range log.Unknown {
		unknown = append(unknown, Place{plan.URN, path})
	}
	return runs, locks, unknown
}
