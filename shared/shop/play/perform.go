package play

import (
	"context"
	"time"
)

// Perform defines what the shop needs, plays its people, runs segmentation and prints what came of it.
func (p *Play) Perform(ctx context.Context) error {
	if err := p.Client.Running(ctx); err != nil {
		return err
	}
	if err := p.define(ctx); err != nil {
		return err
	}
	now, again, err := p.present(ctx)
	if err != nil {
		return err
	}
	if again {
		p.say("The play was on before, at %s: the same events are sent again, and nothing should change.", now.Format(time.DateTime))
	}
	script := Write(p.Seed, now)
	if err := p.send(ctx, script); err != nil {
		return err
	}
	if err := p.settle(ctx, "projecting"); err != nil {
		return err
	}
	if err := p.tag(ctx); err != nil {
		return err
	}
	circle, err := p.invite(ctx, now)
	if err != nil {
		return err
	}
	run, err := p.segment(ctx)
	if err != nil {
		return err
	}
	if err := p.settle(ctx, "notifying"); err != nil {
		return err
	}
	return p.report(ctx, script, run, circle)
}
