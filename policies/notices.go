package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// notices are one of each kind, of what was not judged or not as it would have been.
func notices(run *policy.Run) []policy.Notice {
	var list []policy.Notice
	for _, kind := range []func(*policy.Run) []policy.Notice{
		unknownNotices, briefNotices, scopeNotices, exemptionNotices, boundaryNotices, accountNotices, configurationNotices, otherStacksNotices, notReadNotices,
	} {
		list = append(list, kind(run)...)
	}
	return list
}

// enumerate is a notice with no more items than anybody reads, and one alone on the line of the sentence.
func enumerate(sentence string, items []string) policy.Notice {
	const most = 20
	switch n := len(items); {
	case n == 1:
		return policy.Notice{Text: sentence + " " + items[0]}
	case n > most:
		items = append(slices.Clone(items[:most]), fmt.Sprintf("and %d more", n-most))
	}
	return policy.Notice{Text: sentence, Items: items}
}

// unknownNotices are about what was not known: policy documents, of which all policies on documents know nothing then; other
// values; and what is judged at the end of a stack only, which nothing can judge before it is created.
func unknownNotices(run *policy.Run) (list []policy.Notice) {
	var documents, values, atEnd []string
	waiting := map[facts.Place][]string{}
	var order []facts.Place
	end := map[facts.Place]bool{}
	for _, j := range run.Judgements {
		if run.Config.Of(j.Policy).Unknown != policy.UnknownAdvisory {
			continue
		}
		for _, path := range j.Unknown {
			at := facts.Place{URN: j.URN, Path: path}
			if waiting[at] == nil {
				order, end[at] = append(order, at), true
			}
			waiting[at] = append(waiting[at], j.Policy.Name)
			end[at] = end[at] && j.Policy.CheckStack != nil
		}
	}
	for _, at := range order {
		place := policy.Placed(at)
		switch by := " (" + strings.Join(waiting[at], ", ") + ")"; {
		case run.Seen.Awaited(at):
			documents = append(documents, place)
		case end[at]:
			atEnd = append(atEnd, place+by)
		default:
			values = append(values, place+by)
		}
	}
	before, after := "", ""
	if run.Stack.Preview {
		before, after = " in a preview", ", and `pulumi up` judges each before it is created"
	}
	if len(documents) > 0 {
		judged, total := run.Seen.Documents()
		command := ""
		if run.Stack.Preview && !run.Foreseen {
			command = ", `dynamoguard preview` judges it now"
		}
		list = append(list, enumerate(fmt.Sprintf("%d of %s judged; the rest is not known%s%s%s:",
			judged, text.Count(total, "policy document was", "policy documents were"), before, command, after), documents))
	}
	if len(values) > 0 {
		list = append(list, enumerate(fmt.Sprintf("%s not known%s%s:", text.Count(len(values), "value is", "values are"), before, after), values))
	}
	if len(atEnd) > 0 {
		if run.Stack.Preview {
			after = "; what rests on that is judged at the end of an update only"
		}
		list = append(list, enumerate(fmt.Sprintf("%s not known%s%s:", text.Count(len(atEnd),
			"reference between resources is", "references between resources are"), before, after), atEnd))
	}
	return list
}

// briefNotices say what to write instead, one for each wording of which more findings were made than say so themselves.
func briefNotices(run *policy.Run) (list []policy.Notice) {
	type wording struct {
		policy *policy.Policy
		group  string
	}
	var order []wording
	found := map[wording][]policy.Finding{}
	for _, j := range run.Judgements {
		if j.Outcome != policy.Failed {
			continue
		}
		for _, f := range j.Findings {
			as := wording{j.Policy, f.Group}
			if found[as] == nil {
				order = append(order, as)
			}
			found[as] = append(found[as], f)
		}
	}
	for _, as := range order {
		findings := found[as]
		if !slices.ContainsFunc(findings, func(f policy.Finding) bool { return f.Brief }) {
			continue
		}
		items := make([]string, len(findings))
		for i, f := range findings {
			items[i] = fmt.Sprintf("%s of %s", f.Path, policy.Name(f.URN))
		}
		list = append(list, policy.Notice{
			Text:  fmt.Sprintf("%d findings of %s have one remedy, %s:", len(items), as.policy.Name, policy.Remedy(findings...)),
			Items: items, Repeats: true,
		})
	}
	return list
}

// scopeNotices count what policies are not about, by configuration.
func scopeNotices(run *policy.Run) []policy.Notice {
	var left []string
	for _, j := range run.Judgements {
		if j.Scope != nil {
			left = append(left, fmt.Sprintf("%s on %s: %s", j.Policy.Name, j.URN, j.Scope.Reason))
		}
	}
	if len(left) == 0 {
		return nil
	}
	return []policy.Notice{enumerate(text.Count(len(left), "judgement was left out as out of scope:",
		"judgements were left out as out of scope:"), left)}
}

func exemptionNotices(run *policy.Run) (list []policy.Notice) {
	var used, expired []string
	for _, j := range run.Judgements {
		if j.Exemption == nil {
			continue
		}
		exemption := fmt.Sprintf("%s on %s: %v", j.Policy.Name, j.URN, *j.Exemption)
		if j.Outcome == policy.Exempt {
			used = append(used, exemption)
		} else {
			expired = append(expired, exemption)
		}
	}
	if len(used) > 0 {
		list = append(list, enumerate(text.Count(len(used), "exemption was used:", "exemptions were used:"), used))
	}
	if len(expired) > 0 {
		list = append(list, enumerate(text.Count(len(expired),
			"exemption has expired and no longer holds; renew or remove it:",
			"exemptions have expired and no longer hold; renew or remove them:"), expired))
	}
	return list
}

// boundaryNotices name the permission boundaries that some policy on grants left out by their names alone, each once. One that
// bounds a principal of the stack is a boundary in fact.
func boundaryNotices(run *policy.Run) []policy.Notice {
	said := map[resource.URN]bool{}
	for _, principal := range run.Graph.Principals().List {
		if principal.Boundary != nil {
			said[principal.Boundary.By] = true
		}
	}
	var names []string
	for _, j := range run.Judgements {
		if j.Boundary && !said[j.URN] {
			said[j.URN] = true
			names = append(names, policy.Name(j.URN))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []policy.Notice{enumerate(text.Count(len(names),
		"policy document counts as a permission boundary, by its name and the setting boundaries, and was not judged as a grant; "+
			"it bounds no principal of the stack:",
		"policy documents count as permission boundaries, by their names and the setting boundaries, and were not judged as grants; "+
			"they bound no principal of the stack:"), names)}
}

// accountNotices are about stacks that are configured for another account than their credentials are of.
func accountNotices(run *policy.Run) []policy.Notice {
	var said []string
	known := map[string]bool{}
	for _, j := range run.Judgements {
		if c := j.Contradiction; c != "" && !known[c] {
			known[c] = true
			said = append(said, c)
		}
	}
	if len(said) == 0 {
		return nil
	}
	return []policy.Notice{enumerate("this stack is configured for another account than it runs in, and was compared in both; "+
		"correct dynamoguard.accounts or the credentials:", said)}
}

func configurationNotices(run *policy.Run) (list []policy.Notice) {
	if names := run.Config.UnknownPolicies; len(names) > 0 {
		list = append(list, policy.Notice{
			Text: "the configuration has names that no policy of this version has, and they were left out: " + text.List(names, ", "),
		})
	}
	if names := run.Config.Overruled; len(names) > 0 {
		list = append(list, policy.Notice{
			Text: "policies are configured by two names, of which the plain one counts; left out: " + text.List(names, ", "),
		})
	}
	return list
}

// otherStacksNotices are about the tables of other stacks, where something was asked about them.
func otherStacksNotices(run *policy.Run) (list []policy.Notice) {
	if run.Outside.Others == nil {
		return nil
	}
	var reasons []string
	for _, u := range run.Outside.Others.Unread() {
		reasons = append(reasons, u.Reason)
	}
	if len(reasons) > 0 {
		list = append(list, enumerate("not all tables of other stacks were compared with this one's; not read:", reasons))
	}
	if !run.Stack.Known && !run.Outside.Current && len(run.Judgements) > 0 {
		list = append(list, policy.Notice{Text: "the run does not say which stack it is of, as `pulumi policy analyze` never does: " +
			"without an organization Pulumi Cloud was not asked for tables of other stacks, and nothing was concluded from the " +
			"stack's own state before the run"})
	}
	return list
}

// notReadNotices are one for each kind of resource that is not read.
func notReadNotices(run *policy.Run) (list []policy.Notice) {
	kinds := run.Seen.NotRead()
	for len(kinds) > 0 {
		kind, resources := kinds[0].Kind, 0
		var items []string
		for len(kinds) > 0 && kinds[0].Kind == kind {
			k := kinds[0]
			resources += k.Resources
			items = append(items, fmt.Sprintf("%d of %s", k.Resources, k.Type))
			kinds = kinds[1:]
		}
		list = append(list, enumerate(fmt.Sprintf("%s judged, for this version does not read them:",
			text.Count(resources, kind+" was not", kind+"s were not")), items))
	}
	return list
}
