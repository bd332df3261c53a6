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
		configured. The provider's default tags count. It asks for nothing where nothing is configured.`,
	Before: `
name: orders`,
	After: `
name: orders
tags:
  owner: shop`,
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
	Reads: facts.Reads(facts.CopyReads(facts.Tags), facts.AllTagReads()),

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
	tags := facts.AllTags(p.Resource, &p.Log)
	for _, required := range policy.Settings[RequiredTagsConfig](p).Required {
		tag, ok := tags.Get(required.Key)
		allowed := "to a value of your own"
		if len(required.Values) > 0 {
			allowed = "to " + text.List(quoted(required.Values), " or ")
		}
		if !ok {
			if tags.Complete {
				p.Report(policy.Finding{
					Path:   tags.Path(),
					Wrong:  fmt.Sprintf("there is no tag %q", required.Key),
					Remedy: fmt.Sprintf("set %s %s", tags.Path().Member(required.Key), allowed),
					Edits:  required.edits(tags),
				})
			}
			continue
		}
		fits := func(pattern string) bool { value, _ := tag.Text(); return glob.Match(pattern, value) }
		if tag.Known() && len(required.Values) > 0 && !slices.ContainsFunc(required.Values, fits) {
			p.Report(policy.Finding{
				Path:   tag.Path,
				Wrong:  fmt.Sprintf("%s %v is none of the values that the organization asks for", tag.Path, tag.Value),
				Remedy: "set it " + allowed,
				Edits:  required.edits(tags),
			})
		}
	}
}

// edits set a tag to its value, where there is one.
func (r RequiredTag) edits(tags facts.TagSet) []policy.Edit {
	if len(r.Values) != 1 || strings.ContainsAny(r.Values[0], "*?") {
		return nil
	}
	var edits []policy.Edit
	for _, path := range tags.Written(r.Key) {
		edits = append(edits, policy.Edit{Path: path, Value: resource.StringValue(r.Values[0])})
	}
	return edits
}

func quoted(list []string) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = resource.Quote(s)
	}
	return all
}
