"""A plan that Razorpay has cannot change there; here a trigger sees to it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_squashed")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION payments_plan_frozen() RETURNS trigger AS $$
            BEGIN
                IF OLD.razorpay_id <> '' AND (
                    OLD.razorpay_id, OLD.price_paise, OLD.currency, OLD.period
                ) IS DISTINCT FROM (
                    NEW.razorpay_id, NEW.price_paise, NEW.currency, NEW.period
                ) THEN
                    RAISE EXCEPTION 'plan % is at Razorpay and cannot change', OLD.id
                        USING ERRCODE = 'check_violation',
                        CONSTRAINT = 'payments_plan_frozen';
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            CREATE TRIGGER payments_plan_frozen BEFORE UPDATE ON payments_plan
            FOR EACH ROW EXECUTE FUNCTION payments_plan_frozen()
            """,
            """
            DROP TRIGGER payments_plan_frozen ON payments_plan;
            DROP FUNCTION payments_plan_frozen()
            """,
        )
    ]
