package facts_test

import (
	"fmt"
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
)

// TestBackups: which tables a list of resources means, by patterns of ARNs of which the table knows its name alone.
func TestBackups(t *testing.T) {
	nowhere := func(resource.URN) place.Around { return place.Around{} }
	for pattern, want := range map[string]facts.Certainty{
		"*":                  facts.Yes,
		"arn:aws:dynamodb:*": facts.Yes,
		"arn:aws:dynamodb:us-east-1:111122223333:table/orders":              facts.Yes,
		"arn:aws:dynamodb:*:*:table/ord*":                                   facts.Yes,
		"arn:*:table/orders":                                                facts.Yes,
		"*orders":                                                           facts.Yes,
		"arn:aws:dynamodb:*:*:table/shop-*":                                 facts.No,
		"arn:aws:dynamodb:*:*:table/Orders":                                 facts.No,
		"arn:aws:ec2:*:*:volume/*":                                          facts.No,
		"arn:aws:dynamodb:us-east-1:111122223333:table/orders/index/by-day": facts.No,
	} {
		selection := res(facts.BackupSelection, "daily", "planId", "p-1", "resources", []string{pattern})
		table := res(facts.Table, "orders", "name", "orders")
		backups := facts.NewGraph([]*resource.Resource{selection, table}, nil).Backups(nowhere)
		if got := backups.Of(table, false).Is; got != want {
			t.Errorf("%s: %d, not %d", pattern, got, want)
		}
	}
}

// TestBackupPlan: the plan of a selection is the one that it is made of, else the one whose ARN ends in the id, and nothing less.
func TestBackupPlan(t *testing.T) {
	nowhere := func(resource.URN) place.Around { return place.Around{} }
	plan := func(name, id string) *resource.Resource {
		return res(facts.BackupPlan, name, "name", name, "rules", []resource.Value{}, "arn", "arn:aws:backup:us-east-1:111122223333:backup-plan:"+id)
	}
	long, short := plan("long", "x-p-1"), plan("short", "p-1")
	stack := []*resource.Resource{long, short, res(facts.Table, "orders", "name", "orders")}
	for _, c := range []struct {
		name      string
		selection *resource.Resource
		want      string
	}{
		{"by its id", res(facts.BackupSelection, "s", "planId", "p-1"), "short"},
		{"by the longer id", res(facts.BackupSelection, "s", "planId", "x-p-1"), "long"},
		{"by the end of an id", res(facts.BackupSelection, "s", "planId", "1"), "elsewhere"},
		{"by what it depends on", res(facts.BackupSelection, "s", "planId", unknown, "planId <-", []resource.URN{long.URN}), "long"},
		{"not known", res(facts.BackupSelection, "s", "planId", unknown), "elsewhere"},
	} {
		got := "elsewhere"
		backups := facts.NewGraph(append(stack, c.selection), nil).Backups(nowhere)
		if p := backups.Selections[0].Plan; p != nil {
			got = p.Name
		}
		if got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}

// TestTagSetMatches: a pattern of tags, with what is not known yet.
func TestTagSetMatches(t *testing.T) {
	for _, c := range []struct {
		tags    any
		pattern string
		want    facts.Certainty
	}{
		{map[string]resource.Value{"backup": val("daily")}, "backup", facts.Yes},
		{map[string]resource.Value{"backup": val("daily")}, "back*=d*", facts.Yes},
		{map[string]resource.Value{"backup": val("daily")}, "backup=hourly", facts.No},
		{map[string]resource.Value{"Backup": val("daily")}, "backup", facts.No},
		{map[string]resource.Value{"backup": unknown}, "backup", facts.Yes},
		{map[string]resource.Value{"backup": unknown}, "backup=daily", facts.Maybe},
		{unknown, "backup", facts.Maybe},
	} {
		table := res(facts.Table, "orders", "tags", c.tags)
		if got := facts.AllTags(table, new(resource.Log))[0].Matches(c.pattern); got != c.want {
			t.Errorf("%s of %s: %d, not %d", c.pattern, fmt.Sprint(table.Properties.Get("tags")), got, c.want)
		}
	}
}
