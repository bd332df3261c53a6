package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// TableRequiredTags asks for the tags by which an organization tells whose a table is and what is in it.
var TableRequiredTags = &policy.Policy{
	Name:  "table-required-tags",
	Title: "Tables have the tags that the organization asks for",
	Doc: `
		Reports a table or TableReplica that lacks a configured tag, or has it with another value than those that are
		configured; of a global table of aws-native, each of its replicas. The provider's default tags count. It asks for nothing where nothing is configured.`,
	Before: `
name: orders`,
	After: `
name: orders
tags:
  owner: shop`,
	Why: "Tags say whose a table is and what is in it; access by tags, backups and bills go by them.",
	Silent: [][2]string{
		{"Everything, where no tag is configured", "Which tags an organization asks for only it knows."},
		{"Tags that the provider adds by default", "They count, as in tagsAll."},
		{"Tags that are not known yet", "The outcome is unknown."},
	},
	Remediation: "Add the tag to the table, or to the provider's default tags.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html",
	Mends: `
		Sets a tag that is missing, or has another value, where the configuration has one value for it, without wildcards.`,
	Severity: policy.Low,
	Level:    policy.Disabled,
	Criteria: []soc2.ID{"CC6.1"},
	Config:   RequiredTagsConfig{},
	Settings: map[string]string{
		"required":          `The tags that every table has.`,
		"required[].key":    `The tag's key, in this case.`,
		"required[].values": `What its value may be, with * and ? as wildcards; anything, where the list is empty.`,
	},
	Reads: facts.AllTagReads,

	CheckResource: checkRequiredTags,
}

// RequiredTagsConfig are the settings of TableRequiredTags.
type RequiredTagsConfig struct {
	Required []RequiredTag `json:"required"`
}

// A RequiredTag is a tag that every table has.
type RequiredTag struct {
	Key    string   `json:"key" required:""`
	Values []string `json:"values"`
}

func checkRequiredTags(p *policy.Pass) {
	for _, tags := range facts.AllTags(p.Resource, &p.Log) {
		for _, required := range policy.Settings[RequiredTagsConfig](p).Required {
			checkRequiredTag(p, &tags, required)
		}
	}
}

func checkRequiredTag(p *policy.Pass, tags *facts.TagSet, required RequiredTag) {
	allowed := "a value of your own"
	if len(required.Values) > 0 {
		allowed = text.List(quoted(required.Values), " or ")
	}
	tag, ok := tags.Get(required.Key)
	if !ok {
		if tags.Complete {
			p.Report(policy.Finding{
				Path: tags.Path(), Wrong: noTag(tags, required.Key), Remedy: addTag(tags, required.Key, allowed), Edits: required.edits(tags),
			})
		}
		return
	}
	fits := func(pattern string) bool { value, _ := tag.Text(); return glob.Match(pattern, value) }
	if tag.Known() && len(required.Values) > 0 && !slices.ContainsFunc(required.Values, fits) {
		has := fmt.Sprintf("%s %v", tag.Path, tag.Value)
		if tags.Pairs() {
			has += fmt.Sprintf(", of tag %q,", required.Key)
		}
		p.Report(policy.Finding{
			Path:   tag.Path,
			Wrong:  has + " is none of the values that the organization asks for",
			Remedy: "set it to " + allowed,
			Edits:  required.edits(tags),
		})
	}
}

// edits set a tag to its value, where there is one.
func (r RequiredTag) edits(tags *facts.TagSet) []policy.Edit {
	if len(r.Values) != 1 || strings.ContainsAny(r.Values[0], "*?") {
		return nil
	}
	var edits []policy.Edit
	places, value := tags.Set(r.Key, r.Values[0])
	for _, path := range places {
		edits = append(edits, policy.Edit{Path: path, Value: value})
	}
	return edits
}

func noTag(tags *facts.TagSet, key string) string {
	wrong := fmt.Sprintf("there is no tag %q", key)
	if tags.Of != "" {
		wrong += " of " + tags.Of
	}
	return wrong
}

func addTag(tags *facts.TagSet, key, allowed string) string {
	if tags.Pairs() {
		return fmt.Sprintf("add %q to %s, with %s", key, tags.Path(), allowed)
	}
	return fmt.Sprintf("set %s to %s", tags.Path().Member(key), allowed)
}

func quoted(list []string) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = resource.Quote(s)
	}
	return all
}
