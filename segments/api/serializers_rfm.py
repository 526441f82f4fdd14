"""What the API says of RFM."""

from rest_framework import serializers

from segments import rfm


class SnapshotShown(serializers.Serializer):
    """Four ascending values each: what 20, 40, 60 and 80 of a hundred buyers do not exceed."""

    taken_at = serializers.DateTimeField(help_text="The moment that recency is counted back from")
    people = serializers.IntegerField(help_text="Buyers")
    money = serializers.CharField(help_text="What they spent, as a decimal number")
    recency_thresholds = serializers.ListField(child=serializers.IntegerField(), help_text="Days")
    frequency_thresholds = serializers.ListField(child=serializers.IntegerField(), help_text="Purchases")
    monetary_thresholds = serializers.ListField(child=serializers.CharField(), help_text="Decimal numbers")


class CellShown(serializers.Serializer):
    name = serializers.ChoiceField([(one.name, str(one.label)) for one in rfm.CELLS])
    label = serializers.CharField()
    meaning = serializers.CharField()
    people = serializers.IntegerField()
    money = serializers.CharField()


class SquareShown(serializers.Serializer):
    recency = serializers.IntegerField(help_text="Score from 1 to 5 (lately)")
    frequency = serializers.IntegerField(help_text="Score from 1 to 5 (often)")
    cell = serializers.CharField()
    people = serializers.IntegerField()
    money = serializers.CharField()


class RfmShown(serializers.Serializer):
    snapshot = SnapshotShown()
    cells = CellShown(many=True)
    grid = SquareShown(many=True)
