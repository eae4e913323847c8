package dynamodb

func (x *exchange) updateTimeToLive() error {
	var in struct {
		TableName               string
		TimeToLiveSpecification *struct {
			AttributeName string
			Enabled       *bool
		}
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	t, err := x.named(in.TableName)
	if err != nil {
		return err
	}
	s := in.TimeToLiveSpecification
	if s == nil || s.Enabled == nil {
		return invalid("1 validation error detected: Value null at 'timeToLiveSpecification' failed to satisfy constraint: Member must not be null")
	}
	if len(s.AttributeName) == 0 || len(s.AttributeName) > 255 {
		return constraint(s.AttributeName, "timeToLiveSpecification.attributeName", "Member must have length between 1 and 255")
	}
	_, err = x.edit(t, func(_ *txn, d *definition) error {
		switch {
		case *s.Enabled && d.TimeToLiveAttribute == s.AttributeName:
			return invalid("TimeToLive is already enabled")
		case *s.Enabled && d.TimeToLiveAttribute != "":
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", d.TimeToLiveAttribute)
		case !*s.Enabled && d.TimeToLiveAttribute == "":
			return invalid("TimeToLive is already disabled")
		case !*s.Enabled && d.TimeToLiveAttribute != s.AttributeName:
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", d.TimeToLiveAttribute)
		}
		d.TimeToLiveAttribute = ""
		if *s.Enabled {
			d.TimeToLiveAttribute = s.AttributeName
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.answer(map[string]any{"TimeToLiveSpecification": map[string]any{"AttributeName": s.AttributeName, "Enabled": *s.Enabled}})
}

func (x *exchange) describeTimeToLive() error {
	t, err := x.asked()
	if err != nil {
		return err
	}
	d := map[string]any{"TimeToLiveStatus": "DISABLED"}
	if t.TimeToLiveAttribute != "" {
		d = map[string]any{"TimeToLiveStatus": "ENABLED", "AttributeName": t.TimeToLiveAttribute}
	}
	return x.answer(map[string]any{"TimeToLiveDescription": d})
}
