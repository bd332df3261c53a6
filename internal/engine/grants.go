package engine

import (
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// A permission boundary is left out by policies on grants, and is judged after all where it is attached as a grant: with the
// attachment where its inputs tell what it attaches, since that stops the attachment from being created, and at the end of the
// stack where only dependencies or outputs do.

// seeGrant remembers a resource for that. by are the attachments of the resource, where it is a boundary; attached are the
// boundaries that it attaches.
func (e *Engine) seeGrant(config *policy.Configuration, r *resource.Resource) (by []resource.URN, attached []*resource.Resource) {
	if len(config.Pack().Boundaries) == 0 {
		return nil, nil
	}
	boundary := config.Pack().IsBoundary(r)
	e.seen.SeeGrant(r, boundary)
	if boundary {
		by = e.seen.Attachments(r)
	}
	return by, e.seen.Attached(r)
}

// judgeGrant judges a permission boundary as what attachments make of it. Only a policy that leaves out boundaries does.
func judgeGrant(frame policy.Frame, s *subject, attachments []resource.URN, now time.Time) (j policy.Judgement, ok bool) {
	if !judgeAsIs(frame, s, nil).Boundary {
		return policy.Judgement{}, false
	}
	j = judge(frame, s, attachments)
	j.Excuse(frame.Config.Of(frame.Policy), s.Resource, now)
	return j, true
}

// judgeAttached judges those of the permission boundaries that the stack attaches as grants.
func (e *Engine) judgeAttached(
	frame policy.Frame, graph *facts.Graph, boundaries []resource.URN, standsIn func() func(string) bool, now time.Time,
) (judgements []policy.Judgement) {
	for _, urn := range boundaries {
		attachments := graph.Attachments(urn)
		if len(attachments) == 0 {
			continue
		}
		r := graph.Resource(urn)
		if j, ok := judgeGrant(frame, e.subject(r, graph.Facts(r), standsIn), attachments, now); ok {
			judgements = append(judgements, j)
		}
	}
	return judgements
}
