"""Who is on call: schedules of the policy, and what people changed about them."""
