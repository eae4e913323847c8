package profile

// Absorb unites another memory into this one. Sums add up, traits go by their greatest word.
func (m *Memory) Absorb(q *Memory) {
	if !q.FirstSeen.IsZero() {
		m.see(q.FirstSeen, q.LastSeen, len(q.Active.Bits) > 0)
	}
	for k, t := range q.Traits {
		m.Traits.set(k, t)
	}
	m.leave("traits", m.Traits.bound())
	m.absorbCounters(q)
	for g, at := range q.Groups {
		m.join(g, at)
	}
	m.absorbCart(q)
	if len(q.Touch) > 0 {
		if m.Touch == nil {
			m.Touch = map[string]Touch{}
		}
		m.Touch["first"] = earliestTouch(m.Touch["first"], q.Touch["first"])
		m.Touch["last"] = latestTouch(m.Touch["last"], q.Touch["last"])
	}
	m.ShopDays = max(m.shopDays(), q.shopDays())
	for i := range len(q.Active.Bits) * 8 {
		if day := q.Active.Last - Day(i); q.Active.Has(day) {
			m.Active.Add(day)
		}
	}
	m.absorbDetail(q)
	m.stamp(&m.Locale, q.Locale.Value, q.Locale.At)
	m.stamp(&m.Zone, q.Zone.Value, q.Zone.At)
	m.Unknown = append(m.Unknown[:len(m.Unknown):len(m.Unknown)], q.Unknown...)
}

func (m *Memory) absorbCounters(q *Memory) {
	if m.Counters == nil && len(q.Counters) > 0 {
		m.Counters = map[string]Counter{}
	}
	for name, c := range q.Counters {
		name = makeRoom(m.Counters, name, MaxCounters, standard, Counter.union)
		m.Counters[name] = m.Counters[name].union(c)
	}
}

func (m *Memory) absorbCart(q *Memory) {
	if q.CartClearedAt.After(m.CartClearedAt) {
		m.clearCart(q.CartClearedAt)
	}
	for id, line := range q.Cart {
		m.line(id, line)
	}
}

// absorbDetail unites what devices, interests and ratings say.
func (m *Memory) absorbDetail(q *Memory) {
	if compareClients(q.Client, m.Client) > 0 {
		m.Client = q.Client
	}
	for id, c := range q.Devices {
		m.device(id, c)
	}
	m.Categories.absorb(q.Categories)
	m.Brands.absorb(q.Brands)
	for product, at := range q.Viewed {
		m.view(product, at)
	}
	m.Hours.absorb(q.Hours)
	m.Ratings.Count += q.Ratings.Count
	m.Ratings.Sum += q.Ratings.Sum
	m.stamp(&m.Search, q.Search.Value, q.Search.At)
	for what, n := range q.LeftOut {
		m.leave(what, int(n))
	}
}
