package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// TableCapacity asks that a table's capacity follows the load, within bounds that the organization sets: a fixed one is too small on
// the day that counts, and an unbounded one costs what a loop in a program spends.
var TableCapacity = &policy.Policy{
	Name:  "table-capacity",
	Title: "The capacity of tables follows the load, within the organization's bounds",
	Doc: `
		Reports a table of provisioned capacity where nothing scales the reads or the writes of the table or of one of its
		global secondary indexes: a target of Application Auto Scaling and a policy for it, which are found by resourceId. Where
		bounds are configured, reports capacities, bounds of targets and on-demand limits beyond them; with
		onDemandLimits also an on-demand table without limits.`,
	Before: `
name: orders
billingMode: PROVISIONED
readCapacity: 5
writeCapacity: 5`,
	After: `
name: orders
billingMode: PAY_PER_REQUEST`,
	Remediation: "Add a scaling target and a policy for each dimension, or set billingMode to PAY_PER_REQUEST.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"A1.1"},
	Config:      CapacityConfig{},
	Settings: map[string]string{
		"maximumReadUnits":  `The most capacity to read, in units, that a table or an index may have or scale to; any, where it is 0.`,
		"maximumWriteUnits": `The most capacity to write.`,
		"onDemandLimits":    `Whether an on-demand table must limit how much it reads and writes.`,
	},
	Reads: facts.Reads(facts.CopyReads(facts.BillingMode, facts.ReadCapacity, facts.WriteCapacity), facts.ScalingReads(),
		map[string][]string{facts.Table: {
			"globalSecondaryIndexes", "globalSecondaryIndexes[].name", "globalSecondaryIndexes[].readCapacity",
			"globalSecondaryIndexes[].writeCapacity", "onDemandThroughput", "onDemandThroughput.maxReadRequestUnits",
			"onDemandThroughput.maxWriteRequestUnits",
		}}),

	CheckStack: checkCapacity,
}

// CapacityConfig are the settings of TableCapacity.
type CapacityConfig struct {
	MaximumReadUnits  int  `json:"maximumReadUnits" min:"0" max:"100000000"`
	MaximumWriteUnits int  `json:"maximumWriteUnits" min:"0" max:"100000000"`
	OnDemandLimits    bool `json:"onDemandLimits"`
}

func (c CapacityConfig) maximum(write bool) int {
	if write {
		return c.MaximumWriteUnits
	}
	return c.MaximumReadUnits
}

func checkCapacity(p *policy.StackPass) {
	scaling := p.Graph.Scaling()
	for _, r := range p.Graph.Resources {
		own, ok := facts.Own(r, new(resource.Log))
		if !ok || own.Named(facts.BillingMode) == "" {
			continue
		}
		pass := p.On(r.URN)
		table, _ := facts.Own(r, &pass.Log)
		switch mode, ok := table.Get(facts.BillingMode).Text(); {
		case !ok:
		case mode == "PAY_PER_REQUEST":
			checkOnDemand(pass)
		default:
			checkProvisioned(p, pass, table, scaling)
		}
	}
}

// checkOnDemand judges the limits of a table that is paid by the request.
func checkOnDemand(p *policy.Pass) {
	config := policy.Settings[CapacityConfig](p)
	for _, name := range []string{"maxReadRequestUnits", "maxWriteRequestUnits"} {
		limit := p.Property("onDemandThroughput." + name)
		units, ok := limit.Number()
		maximum := config.maximum(name == "maxWriteRequestUnits")
		switch {
		case !ok:
		case units > 0:
			checkBound(p, limit, maximum)
		case config.OnDemandLimits: // -1 lifts a limit
			p.Report(policy.Finding{
				Path:   limit.Place(),
				Wrong:  fmt.Sprintf("%s: nothing limits what the table %s", stateOf(limit), map[bool]string{true: "writes", false: "reads"}[name == "maxWriteRequestUnits"]),
				Remedy: fmt.Sprintf("set onDemandThroughput.%s", name),
			})
		}
	}
}

// checkProvisioned judges a table of provisioned capacity, and its indexes.
func checkProvisioned(p *policy.StackPass, pass *policy.Pass, table facts.Copy, scaling facts.Scaling) {
	config := policy.Settings[CapacityConfig](p)
	parts := []facts.Index{{Read: table.Get(facts.ReadCapacity), Write: table.Get(facts.WriteCapacity)}}
	parts = append(parts, scaling.Indexes(pass.Resource, &pass.Log)...)
	var fixed []string
	for i, part := range parts {
		name, of := "", "the table"
		if i > 0 {
			text, ok := part.Name.Text()
			if !ok {
				continue
			}
			name, of = text, "index "+part.Name.Value.String()
		}
		lacks := ""
		for _, write := range []bool{false, true} {
			units, what := part.Read, "reads"
			if write {
				units, what = part.Write, "writes"
			}
			dimension := facts.Dimension{Table: pass.Resource.URN, Index: name, Write: write}
			target := scaling.Targets[dimension]
			if target == nil || !scaling.Followed[dimension] {
				if lacks != "" {
					lacks += " and "
				}
				lacks += what
			}
			if target == nil {
				if n, ok := units.Number(); ok && n > 0 {
					checkBound(pass, units, config.maximum(write))
				}
			} else {
				on := p.On(target.URN)
				checkBound(on, on.Property("maxCapacity"), config.maximum(write))
			}
		}
		if lacks != "" {
			fixed = append(fixed, lacks+" of "+of)
		}
	}
	switch {
	case len(fixed) == 0:
	case len(scaling.Unknown) > 0:
		for _, at := range scaling.Unknown {
			p.Awaits(pass.Resource.URN, at)
		}
	default:
		mode := table.Get(facts.BillingMode)
		pass.Report(policy.Finding{
			Basis: policy.OnResource,
			Path:  mode.Place(),
			Wrong: fmt.Sprintf("%s: nothing scales %s", stateOf(mode), text.List(fixed, " and ")),
			Remedy: fmt.Sprintf("add an %s and an %s for each, or set billingMode to \"PAY_PER_REQUEST\"",
				resource.ShortType(facts.ScalingTarget), resource.ShortType(facts.ScalingPolicy)),
		})
	}
}

// checkBound reports units beyond the most that there may be, 0 for any.
func checkBound(p *policy.Pass, units resource.Property, maximum int) {
	if n, ok := units.Number(); ok && maximum > 0 && int(n) > maximum {
		p.Report(policy.Finding{
			Path:   units.Path,
			Wrong:  fmt.Sprintf("%s %v is more than the %d units that are allowed", units.Path, units.Value, maximum),
			Remedy: fmt.Sprintf("set it to %d or less", maximum),
		})
	}
}
