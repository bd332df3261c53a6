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
		global secondary indexes: a target of Application Auto Scaling and a policy for it, which are found by resourceId, or the
		settings that a global table of aws-native has for that itself. Where
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
	Why: "Fixed capacity throttles requests when load grows, and costs as much when there is none.",
	Silent: [][2]string{
		{"On-demand tables", "Their capacity follows the load; limits are asked for by onDemandLimits only."},
		{"Scaling targets whose resourceId is not known yet", "They may be for the table: the outcome is unknown."},
		{"Bounds, where none are configured", "How much is too much only the organization knows."},
	},
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
	Reads: facts.CapacityReads,

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
		if _, ok := facts.BillingOf(r, new(resource.Log)); !ok {
			continue
		}
		pass := p.On(r.URN)
		billing, _ := facts.BillingOf(r, &pass.Log)
		switch mode, ok := billing.Text(); {
		case !ok:
		case mode == "PAY_PER_REQUEST":
			checkOnDemand(pass)
		default:
			checkProvisioned(p, pass, billing, scaling)
		}
	}
}

// checkOnDemand judges the limits of a table that is paid by the request.
func checkOnDemand(p *policy.Pass) {
	config := policy.Settings[CapacityConfig](p)
	for _, limit := range facts.OnDemandLimits(p.Resource, &p.Log) {
		switch units, ok := limit.Units.Number(); {
		case !ok:
		case units > 0:
			checkBound(p, limit.Units, config.maximum(limit.Write))
		case config.OnDemandLimits: // -1 lifts a limit
			does := "reads"
			if limit.Write {
				does = "writes"
			}
			p.Report(policy.Finding{
				Path:   limit.Units.Place(),
				Wrong:  fmt.Sprintf("%s: nothing limits what %s %s", stateOf(limit.Units), limit.Of, does),
				Remedy: fmt.Sprintf("set %s", limit.Units.Path),
			})
		}
	}
}

// checkProvisioned judges a table of provisioned capacity, and its indexes.
func checkProvisioned(p *policy.StackPass, pass *policy.Pass, billing resource.Property, scaling facts.Scaling) {
	config := policy.Settings[CapacityConfig](p)
	var of, fixed []string             // what has capacities that nothing scales, and which
	judged := map[resource.Path]bool{} // since what is said for all copies is the capacity of each
	for _, c := range scaling.Capacities(pass.Resource, &pass.Log) {
		maximum := config.maximum(c.Write)
		target := scaling.Targets[c.Dimension]
		switch {
		case c.Follows:
			checkBound(pass, c.Maximum, maximum)
		case target != nil:
			on := p.On(target.URN)
			checkBound(on, on.Property("maxCapacity"), maximum)
		case c.Units.Path != "" && !judged[c.Units.Path]:
			judged[c.Units.Path] = true
			checkBound(pass, c.Units, maximum)
		}
		if c.Follows || target != nil && scaling.Followed[c.Dimension] {
			continue
		}
		what := "reads"
		if c.Write {
			what = "writes"
		}
		if n := len(of); n > 0 && of[n-1] == c.Of {
			fixed[n-1] += " and " + what
			continue
		}
		of, fixed = append(of, c.Of), append(fixed, what)
	}
	switch {
	case len(fixed) == 0:
	case len(scaling.Unknown) > 0:
		for _, at := range scaling.Unknown {
			p.Awaits(pass.Resource.URN, at)
		}
	default:
		for i := range fixed {
			fixed[i] += " of " + of[i]
		}
		pass.Report(policy.Finding{
			Basis:  policy.OnResource,
			Path:   billing.Place(),
			Wrong:  fmt.Sprintf("%s: nothing scales %s", stateOf(billing), text.And(fixed)),
			Remedy: scalersOf(pass.Resource.Type) + ` for each, or set billingMode to "PAY_PER_REQUEST"`,
		})
	}
}

// scalersOf is what to add for capacity of tables of a type to follow the load.
func scalersOf(typ string) string {
	target, by := facts.ScalersOf(typ)
	if target == "" {
		return "set readCapacityAutoScalingSettings, or writeCapacityAutoScalingSettings,"
	}
	return fmt.Sprintf("add an %s and an %s", resource.ShortType(target), resource.ShortType(by))
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
